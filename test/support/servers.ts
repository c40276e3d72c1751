import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import { call, requestBytes, sendBytes, type Answer, type CallOptions } from './http-client.js'
import { nextTurn } from './process-health.js'

export type Middleware = (req: any, res: any, next: (error?: unknown) => void) => void

export interface App {
  /** Run for every request, or below a mount point, in this order. */
  readonly use: readonly (Middleware | { readonly at: string; readonly run: Middleware })[]
  /** Literal paths; HEAD goes where GET goes. */
  readonly routes: readonly { readonly method?: string; readonly path: string; readonly run: readonly Middleware[] }[]
}

export type ServerKind = 'Express 5' | 'Express 4' | 'Connect' | 'node:http'

export const serverKinds: readonly ServerKind[] = ['Express 5', 'Express 4', 'Connect', 'node:http']

export interface ServerSettings {
  readonly maxHeaderSize?: number
  /** Leaves `Expect: 100-continue` to the app. */
  readonly passesExpect?: boolean
}

export interface RunningServer {
  readonly port: number
  /** What reached the error handler. */
  readonly errors: any[]
  /** Each comes back once the server is done with the request too: all its records are written. */
  call(path: string, options?: CallOptions): Promise<Answer>
  send(bytes: string | Buffer): Promise<Answer>
  /** Raw request with this target and these header lines, and nothing cleaned. */
  sendTarget(target: string, headerLines?: readonly string[], options?: { method?: string; body?: string }): Promise<Answer>
  /** Resolves when no response is open. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** The same app on a server of each kind, on a free port. */
export async function startServer(kind: ServerKind, app: App, { maxHeaderSize, passesExpect = false }: ServerSettings = {}): Promise<RunningServer> {
  const errors: unknown[] = []
  const listener = listenerOf(kind, app, errors)
  let open = 0
  let waiting: (() => void)[] = []
  const openOn = new WeakMap<Socket, Set<() => void>>()
  const server = createServer({ ...(maxHeaderSize !== undefined && { maxHeaderSize }) }, (req, res) => {
    open++
    let isOpen = true
    const closed = (): void => {
      if (!isOpen) return
      isOpen = false
      open--
      if (open > 0) return
      for (const resolve of waiting.splice(0)) resolve()
    }
    res.once('close', closed)
    openOn.get(req.socket)?.add(closed)
    listener(req, res)
  })
  // A response whose turn never came does not close: its connection does.
  server.on('connection', (socket) => {
    const onSocket = new Set<() => void>()
    openOn.set(socket, onSocket)
    socket.once('close', () => { for (const closed of onSocket) closed() })
  })
  if (passesExpect) server.on('checkContinue', (req, res) => { server.emit('request', req, res) })
  // No connection ends by itself: a test that waits for its end waits for something that ends it.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const idle = async (): Promise<void> => {
    if (open > 0) await new Promise<void>((resolve) => { waiting = [...waiting, resolve] })
    await nextTurn()
  }
  const thenIdle = async (answer: Promise<Answer>): Promise<Answer> => {
    const result = await answer
    await idle()
    return result
  }
  return {
    port,
    errors,
    call: (path, options) => thenIdle(call(port, path, options)),
    send: (bytes) => thenIdle(sendBytes(port, bytes)),
    sendTarget: (target, headerLines, options) => thenIdle(sendBytes(port, requestBytes(target, headerLines, options))),
    idle,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function listenerOf(kind: ServerKind, app: App, errors: unknown[]): RequestListener {
  const failed = (error: any, res: ServerResponse): void => {
    errors.push(error)
    if (res.headersSent) {
      res.destroy()
      return
    }
    res.writeHead(typeof error?.status === 'number' ? error.status : 500, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ handled_by: 'the error handler' }))
  }
  switch (kind) {
    case 'Express 5':
    case 'Express 4': {
      const server = (kind === 'Express 5' ? express : express4)()
      for (const entry of app.use) {
        if (typeof entry === 'function') server.use(entry)
        else server.use(entry.at, entry.run)
      }
      for (const { method = 'GET', path, run } of app.routes) (server as any)[method.toLowerCase()](path, ...run)
      // An error handler is one by its four parameters.
      server.use(errorHandler(failed))
      return server
    }
    case 'Connect': {
      const server = connect()
      for (const entry of app.use) {
        if (typeof entry === 'function') server.use(entry)
        else server.use(entry.at, entry.run)
      }
      server.use((req, res, next) => { routeBare(app, req, res, next) })
      server.use(errorHandler(failed))
      return server
    }
    case 'node:http': {
      const run = app.use.map((entry) => (typeof entry === 'function' ? entry : entry.run))
      return (req, res) => {
        const done = (error?: unknown): void => {
          if (error !== undefined) failed(error, res)
          else res.writeHead(404).end()
        }
        runAll(run, req, res, (error) => {
          if (error !== undefined) done(error)
          else routeBare(app, req, res, done)
        })
      }
    }
  }
}

/** Frameworks know an error handler by its four parameters. */
function errorHandler(failed: (error: unknown, res: ServerResponse) => void): (error: unknown, req: any, res: any, next: unknown) => void {
  const handle = (error: unknown, _req: unknown, res: ServerResponse): void => { failed(error, res) }
  return Object.defineProperty(handle, 'length', { value: 4 })
}

function routeBare({ routes }: App, req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void {
  const [path] = req.url!.split('?')
  const method = req.method === 'HEAD' ? 'GET' : req.method
  const route = routes.find((candidate) => candidate.path === path && (candidate.method ?? 'GET') === method)
  if (route === undefined) next()
  else runAll(route.run, req, res, next)
}

/** As careless as most are: an error that is falsy is taken for none, as in Express. */
function runAll(run: readonly Middleware[], req: IncomingMessage, res: ServerResponse, done: (error?: unknown) => void): void {
  const step = (i: number, error?: unknown): void => {
    const middleware = run[i]
    if (error !== undefined && error !== null && error !== false && error !== 0 && error !== '') done(error)
    else if (middleware === undefined) done()
    else {
      try {
        middleware(req, res, (given) => { step(i + 1, given) })
      } catch (thrown) {
        done(thrown)
      }
    }
  }
  step(0)
}
