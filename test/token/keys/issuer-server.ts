import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real issuer on the loopback interface. What it answers can be changed at any time. */
export interface IssuerServer {
  readonly origin: string
  readonly port: number
  /** Paths that were asked for, in order. */
  readonly hits: string[]
  /** What to answer at a path; 404 elsewhere. */
  readonly at: Map<string, Answer>
  hitsAt(path: string): number
  close(): Promise<void>
}

/** @param onPort where it listens; 0, the default, is a port that is free */
export async function startIssuerServer(onPort = 0): Promise<IssuerServer> {
  const hits: string[] = []
  const at = new Map<string, Answer>()
  const server = createServer((request, response) => {
    const path = request.url!
    hits.push(path)
    const answer = at.get(path) ?? status(404)
    answer(request, response)
  })
  // Who asks again after a while finds the connection as it was.
  server.keepAliveTimeout = 0
  server.listen(onPort, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    hits,
    at,
    hitsAt: (path) => hits.filter((hit) => hit === path).length,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const status = (code: number, headers: Record<string, string> = {}): Answer => (_request, response) => {
  response.writeHead(code, headers).end()
}

export const json = (value: unknown, headers: Record<string, string> = {}): Answer => (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

export const bytes = (body: string | Uint8Array, headers: Record<string, string> = {}): Answer => (_request, response) => {
  response.writeHead(200, headers).end(body)
}

/** Takes the request and never answers. */
export const hang: Answer = () => undefined

/** Begins a good answer and never ends it. */
export const stall: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[')
}

export const cutOff: Answer = (request) => {
  request.socket.destroy()
}
