import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Middleware } from './servers.js'
import { sendJson } from './api.js'

/** What a handler saw of a body. */
export interface Seen {
  bytes: number
  hasEnded: boolean
  /** With `status`, where there is one. */
  error: any
}

/** Notes what it sees of each body, and answers with `{ bytes }` at the end, and with 500 and a text where it fails. */
export function bodyReader(): { readonly seen: Seen[]; readonly read: (req: IncomingMessage, res: ServerResponse) => void } {
  const seen: Seen[] = []
  return {
    seen,
    read: (req, res) => {
      const one: Seen = { bytes: 0, hasEnded: false, error: undefined }
      seen.push(one)
      req.on('data', (data: Buffer) => { one.bytes += data.length })
      req.on('end', () => {
        one.hasEnded = true
        sendJson(res, { bytes: one.bytes })
      })
      req.on('error', (error) => {
        one.error = error
        res.writeHead(500, { 'x-handler': 'failed' })
        res.end('the handler failed')
      })
    },
  }
}

/** A body parser as people write them: `req.body` is the whole body. */
export const collectBody: Middleware = (req, _res, next) => {
  const parts: Buffer[] = []
  req.on('data', (data: Buffer) => parts.push(data))
  req.on('end', () => {
    req.body = Buffer.concat(parts)
    next()
  })
  req.on('error', next)
}

/** A promise, and what fulfils it. */
export function signal<T = void>(): { readonly given: Promise<T>; readonly give: (value: T) => void } {
  let give: (value: T) => void = () => undefined
  const given = new Promise<T>((resolve) => { give = resolve })
  return { given, give: (value) => { give(value) } }
}
