import type { ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import { startIssuerServer, type Answer } from '../keys/issuer-server.js'

const listPath = '/revoked'
const eventsPath = '/events'

export interface RevokingIssuer {
  readonly listUrl: string
  readonly eventsUrl: string
  /** Answers the list with these lines, or otherwise. */
  list(answer: readonly unknown[] | Answer, etag?: string): void
  /** Answers the request for events otherwise than by a stream. */
  events(answer: Answer): void
  /** Sends text by all open streams. */
  send(text: string): void
  /** Ends all open streams. */
  drop(): void
  /** `Last-Event-ID` of each stream that was opened. */
  readonly streams: (string | undefined)[]
  readonly listHits: { readonly etag: string | undefined; readonly status: number }[]
  close(): Promise<void>
}

/** An issuer that says what it has revoked, over real HTTP. */
export async function startRevokingIssuer(): Promise<RevokingIssuer> {
  const server = await startIssuerServer()
  const open = new Set<ServerResponse>()
  const streams: RevokingIssuer['streams'] = []
  const listHits: { etag: string | undefined; status: number }[] = []
  const list: RevokingIssuer['list'] = (answer, etag) => {
    server.at.set(listPath, (request, response) => {
      const given = request.headers['if-none-match']
      const isUnchanged = etag !== undefined && given === etag
      listHits.push({ etag: given, status: isUnchanged ? 304 : 200 })
      if (typeof answer === 'function') answer(request, response)
      else if (isUnchanged) response.writeHead(304, { etag }).end()
      else response.writeHead(200, { 'content-type': 'application/x-ndjson', ...(etag !== undefined && { etag }) }).end(answer.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
    })
  }
  list([])
  server.at.set(eventsPath, (request, response) => {
    streams.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': hello\n\n')
    open.add(response)
    response.on('close', () => open.delete(response))
  })
  const issuer: RevokingIssuer = {
    listUrl: server.origin + listPath,
    eventsUrl: server.origin + eventsPath,
    list,
    events: (answer) => { server.at.set(eventsPath, answer) },
    send: (text) => { for (const response of open) response.write(text) },
    drop: () => { for (const response of open) response.destroy() },
    streams,
    listHits,
    close: () => server.close(),
  }
  onTestFinished(() => issuer.close())
  return issuer
}
