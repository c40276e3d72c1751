import type { IncomingMessage, ServerResponse } from 'node:http'
import { callHook } from '../decision/hook.js'
import { describeError } from '../model/describe-error.js'
import { isPromise } from '../model/maybe-promise.js'
import type { PublicDenial } from '../guard/guard-options.js'
import type { Settings } from '../guard/settings.js'

export type Next = (error?: unknown) => void

/**
 * Answers a refused request, by the user's `respond` or as the default says. The headers that belong to the refusal, whatever
 * its body is, are set before (TRN-4, POP-6). Where `respond` throws, rejects or takes longer than a hook may, the default
 * is sent.
 */
export function respond(denial: PublicDenial, req: IncomingMessage, res: ServerResponse, next: Next, { respond: custom, log, rules }: Pick<Settings, 'respond' | 'log' | 'rules'>, fallBack = (): void => { sendDefault(denial, res) }): void {
  if (custom === undefined) {
    fallBack()
    return
  }
  const failed = (reason: unknown): void => {
    log.error('respond failure', `The option respond failed: ${describeError(reason)}`)
    fallBack()
  }
  try {
    setRefusalHeaders(denial, res)
    const answer = callHook('respond', rules.hookTimeoutMs, () => custom(denial, req, res, refusedNext(denial, next)))
    if (isPromise(answer)) answer.catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** Those of the default answer that do not describe its body. A hook may set others in their place. */
function refusalHeaders({ headers }: PublicDenial): [name: string, value: string][] {
  return Object.entries(headers).filter(([name]) => name !== 'content-type')
}

function setRefusalHeaders(denial: PublicDenial, res: ServerResponse): void {
  if (res.headersSent || res.writableEnded) return
  for (const [name, value] of refusalHeaders(denial)) res.setHeader(name, value)
}

/**
 * `next()` without an error would let a refused request through: it hands on an error all the same. Its `headers` are for
 * error handlers that send those and no others.
 */
function refusedNext(denial: PublicDenial, next: Next): Next {
  const { status, description, error } = denial
  return (given) => {
    // Frameworks take every falsy value, and the words of their routers, for "go on".
    const isError = Boolean(given) && given !== 'route' && given !== 'router'
    next(isError ? given : Object.assign(new Error(description), { status, statusCode: status, code: error, expose: true, headers: Object.fromEntries(refusalHeaders(denial)) }))
  }
}

export function sendDefault({ status, headers, body }: PublicDenial, res: ServerResponse): void {
  if (res.writableEnded) return
  if (res.headersSent) {
    // Part of another answer is on its way: cut it, since what follows must not look like its end.
    res.destroy()
    return
  }
  const text = JSON.stringify(body)
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) })
  res.end(text)
}
