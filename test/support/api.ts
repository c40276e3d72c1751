import type { IncomingMessage, ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import { aapGuard, createGuard, type AapGuard, type Guard, type GuardOptions } from '../../src/index.js'
import { collectAudit, type AuditCollector } from './audit.js'
import { operatorMessages, type OperatorMessages } from './operator-messages.js'
import { startServer, type App, type Middleware, type RunningServer, type ServerKind, type ServerSettings } from './servers.js'

export interface Api {
  readonly server: RunningServer
  readonly middleware: AapGuard
  readonly guard: Guard
  readonly audit: AuditCollector
  readonly operator: OperatorMessages
  /** Names of the handlers that ran. */
  readonly handled: string[]
}

export interface ApiParts {
  readonly guard: AapGuard
  /** A handler that notes that it ran, and answers 200 with `{ handled: name }` unless it is told what to answer. */
  readonly handler: (name: string, answer?: (req: any, res: any) => void) => Middleware
}

/**
 * A guard with collected audit and messages, and a server of one kind around it, closed when the test or hook ends. Unless
 * the options say so it has patience: no hook and no store fails because a machine stood still for a while.
 */
export async function startApi(kind: ServerKind, options: GuardOptions, app: (parts: ApiParts) => App, server?: ServerSettings & { keep?: boolean }): Promise<Api> {
  const audit = collectAudit()
  const operator = operatorMessages()
  const guard = createGuard({ audit: audit.sink, logger: operator, hookTimeoutMs: 20_000, storeTimeoutMs: 20_000, ...options })
  const middleware = aapGuard(guard)
  const handled: string[] = []
  const handler: ApiParts['handler'] = (name, answer) => (req: IncomingMessage, res: ServerResponse) => {
    handled.push(name)
    if (answer === undefined) sendJson(res, { handled: name })
    else answer(req, res)
  }
  const running = await startServer(kind, app({ guard: middleware, handler }), server)
  if (server?.keep !== true) {
    onTestFinished(async () => {
      await running.close()
      await guard.close()
    })
  }
  return { server: running, middleware, guard, audit, operator, handled }
}

export function sendJson(res: ServerResponse, value: unknown): void {
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end(JSON.stringify(value))
}
