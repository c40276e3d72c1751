import { parse } from 'node:querystring'
import type { IncomingMessage } from 'node:http'
import type { FrameworkRequest } from './incoming-request.js'

/** What the callbacks of a route get: the request, with what frameworks add to it. */
export interface GuardRequest extends IncomingMessage {
  /** Parsed query; a repeated parameter is an array, which no target accepts (CON-2). */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- comes from the client: whoever uses it checks it
  query?: any
  /** Parameters of the route. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  params?: any
  /** The parsed body, where a parser ran before. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  body?: any
}

/**
 * Completes a request for the callbacks: where no framework parsed the query it is parsed here, and a route of the
 * option `routes` brings its parameters. The request itself is left as it is.
 */
export function guardRequest(request: FrameworkRequest, params?: Readonly<Record<string, string>>): GuardRequest {
  // Asked for, not read: Express 5 parses the query anew at every look.
  const isParsed = 'query' in request
  if (isParsed && params === undefined) return request
  const view = Object.create(request) as GuardRequest
  if (params !== undefined) Object.defineProperty(view, 'params', { value: params })
  if (!isParsed) Object.defineProperty(view, 'query', { value: parseQuery(request.url ?? '') })
  return view
}

function parseQuery(url: string): NodeJS.Dict<string | string[]> {
  const start = url.indexOf('?')
  return start < 0 ? {} : parse(url.slice(start + 1))
}
