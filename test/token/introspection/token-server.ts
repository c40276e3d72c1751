import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach } from 'vitest'
import { createIntrospectionEndpoint, type IntrospectionEndpoint, type IntrospectionEndpointOptions } from '../../../src/token/introspection-endpoint.js'
import { freePort } from '../../support/free-port.js'
import { json, startIssuerServer, type Answer, type IssuerServer } from '../keys/issuer-server.js'

/** One request as it came over the wire. */
export interface ReceivedForm {
  readonly method: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly form: URLSearchParams
  readonly token: string | null
}

/** A real issuer that can be asked about tokens, and stops behaving when it is told to. */
export interface TokenServer {
  readonly server: IssuerServer
  /** Its name. */
  readonly issuer: string
  readonly introspections: ReceivedForm[]
  readonly revocations: ReceivedForm[]
  /** Introspections that are under way, and the most that ever were. */
  readonly load: { now: number; most: number }
  /** Answers introspections like this. Default: every token is active for an hour from 2025. */
  answer(answer: (received: ReceivedForm) => Answer | Promise<Answer>): void
  answerRevocations(answer: (received: ReceivedForm) => Answer): void
  /** Waits for 20 s unless it is told otherwise: a machine that stands still is no issuer that fails. */
  endpoint(options?: Partial<IntrospectionEndpointOptions>): IntrospectionEndpoint
  /** Nobody listens any more; or somebody does again, on the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

export const startMs = Date.UTC(2025, 0, 1)
export const expSeconds = startMs / 1_000 + 3_600

export const active = (members: Record<string, unknown> = {}): Answer => json({ active: true, sub: 'agent', exp: expSeconds, ...members })
export const inactive: Answer = json({ active: false })

/** A server of its own for each test of the file. */
export function useTokenServer(): TokenServer {
  let server: IssuerServer
  let isUp = false
  let port = 0
  const introspections: ReceivedForm[] = []
  const revocations: ReceivedForm[] = []
  const load = { now: 0, most: 0 }
  let introspect: (received: ReceivedForm) => Answer | Promise<Answer>
  let revoke: (received: ReceivedForm) => Answer

  const start = async (): Promise<void> => {
    server = await startIssuerServer(port)
    isUp = true
    server.at.set('/.well-known/oauth-authorization-server', json({ issuer: server.origin, introspection_endpoint: `${server.origin}/introspect`, revocation_endpoint: `${server.origin}/revoke` }))
    server.at.set('/introspect', (request, response) => {
      load.now++
      load.most = Math.max(load.most, load.now)
      response.once('close', () => { load.now-- })
      void receive(request).then(async (received) => {
        introspections.push(received)
        const answer = await introspect(received)
        answer(request, response)
      })
    })
    server.at.set('/revoke', (request, response) => {
      void receive(request).then((received) => {
        revocations.push(received)
        revoke(received)(request, response)
      })
    })
  }
  const stop = async (): Promise<void> => {
    if (isUp) await server.close()
    isUp = false
  }
  beforeEach(async () => {
    port = await freePort()
    introspections.length = 0
    revocations.length = 0
    Object.assign(load, { now: 0, most: 0 })
    introspect = () => active()
    revoke = () => (_request, response) => { response.writeHead(200).end() }
    await start()
  })
  afterEach(stop)
  return {
    get server() { return server },
    get issuer() { return server.origin },
    introspections,
    revocations,
    load,
    answer: (answer) => { introspect = answer },
    answerRevocations: (answer) => { revoke = answer },
    endpoint: (options = {}) => createIntrospectionEndpoint({
      issuer: server.origin,
      endpoint: `${server.origin}/introspect`,
      revocationEndpoint: `${server.origin}/revoke`,
      client: { method: 'client_secret_basic', clientId: 'api', clientSecret: 'a-secret' },
      fetch: globalThis.fetch,
      now: () => startMs,
      timeoutMs: 20_000,
      ...options,
    }),
    stop,
    start,
  }
}

async function receive(request: IncomingMessage): Promise<ReceivedForm> {
  let text = ''
  request.setEncoding('utf8').on('data', (part: string) => { text += part })
  await once(request, 'end')
  const form = new URLSearchParams(text)
  return { method: request.method, headers: request.headers, form, token: form.get('token') }
}
