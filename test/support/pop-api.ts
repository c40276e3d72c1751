import { afterAll, beforeAll, expect } from 'vitest'
import { requireCapability, type DecisionRecord, type Facts, type GuardOptions, type RouteOptions } from '../../src/index.js'
import { attackedAudience } from './attacked-api.js'
import { createForger, type Forger } from './forge.js'
import { createProofMaker, type ProofMaker, type ProofParts } from './dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { startApi, type Api } from './api.js'
import type { Answer } from './http-client.js'
import type { Middleware } from './servers.js'

/** The ways in which a server can have requests decided. */
export type GuardStyle = 'routes' | 'requireCapability' | 'guard.authorize'

export const guardStyles: readonly GuardStyle[] = ['routes', 'requireCapability', 'guard.authorize']

/** A request that shows a token. Everything that is not given is in order, with a new proof. */
export interface Showing {
  /** Default `GET`. */
  readonly method?: string
  /** Default `/search`. */
  readonly target?: string
  /** Default: a token that is bound to the client's key. */
  readonly token?: string
  /** Default `DPoP`. */
  readonly scheme?: string
  /** Proofs as they are sent. Default: one by the client, for method, target and token, with these parts over it. */
  readonly proofs?: readonly string[]
  readonly parts?: ProofParts
  /** Values of `Host`, one header line each. Default `api.example.com`. */
  readonly hosts?: readonly string[]
  /** More header lines. */
  readonly lines?: readonly string[]
}

export interface Refusal {
  readonly status: number
  readonly error?: string
  readonly rule: string
}

export interface PopApi {
  readonly api: Api
  readonly forger: Forger
  /** Holds the key that the tokens are bound to. */
  readonly client: ProofMaker
  /** Epoch milliseconds of guard, store and client. */
  nowMs: number
  /** Signs claims that are in order, overridden by these, bound to the client's key. */
  token(overrides?: Readonly<Record<string, unknown>>): string
  /** The bytes of a request, the last of its connection unless it is said. */
  bytes(showing?: Showing, connection?: 'close' | 'keep-alive'): string
  /** Sends it over raw TCP. */
  show(showing?: Showing): Promise<Answer>
  /** Sends it and expects 200, one handler and one record. */
  expectAllowed(showing?: Showing): Promise<Answer>
  /** Sends it and expects this answer, no handler and one record with this rule. */
  expectRefused(showing: Showing, refusal: Refusal): Promise<DecisionRecord>
}

export const refusedProof: Refusal = { status: 401, error: 'invalid_dpop_proof', rule: 'POP-3' }
export const refusedUrl: Refusal = { status: 401, error: 'invalid_dpop_proof', rule: 'POP-4' }

/** An action, and what a route says about it; `undefined` is one that nobody knows. */
export type Actions = Readonly<Record<string, { readonly action: string; readonly options?: RouteOptions<any> } | undefined>>

const search = { action: 'search.web' }
const defaultActions: Actions = { '/search': search }
/** 2030-05-06T12:00:00Z: inside of every window. */
const startMs = Date.UTC(2030, 4, 6, 12)

/**
 * One server for a file or a suite, whose requests are all decided in one style. Paths below `/any/` and those of `actions`
 * are served, with any method. After the last attack it still has to serve an honest client.
 *
 * @param options made when the server starts, so that each has a store of its own
 * @param others `origin`: where the client believes the server to be. `last`: what the honest client shows at the end
 */
export function usePopApi(style: GuardStyle, options: (clock: () => number) => GuardOptions = () => ({}), actions: Actions = {}, { origin = attackedAudience, last = () => ({}) }: { origin?: string; last?: (pop: Pick<PopApi, 'token'>) => Showing } = {}): PopApi {
  const forger = createForger()
  let api: Api
  let nowMs = startMs
  const now = (): number => nowMs
  const client = createProofMaker('ES256', now)
  const all: Actions = { ...defaultActions, ...actions }

  const token: PopApi['token'] = (overrides = {}) => {
    const iat = Math.floor(nowMs / 1000)
    return forger.token(Object.fromEntries(Object.entries(exampleClaims({
      iss: forger.issuer.issuer, aud: attackedAudience, iat, exp: iat + 3_600, jti: 'j', cnf: client.confirmation,
      aap_capabilities: Object.values(all).map((known) => ({ action: known?.action ?? 'search.web', constraints: {} })), ...overrides,
    })).filter(([, value]) => value !== undefined)))
  }
  const bytes: PopApi['bytes'] = ({ method = 'GET', target = '/search', token: shown = token(), scheme = 'DPoP', parts, proofs, hosts = ['api.example.com'], lines = [] } = {}, connection = 'close') => [
    `${method} ${target} HTTP/1.1`,
    ...hosts.map((host) => `Host: ${host}`),
    `Authorization: ${scheme} ${shown}`,
    ...(proofs ?? [client.proof({ method, url: `${origin}${target}`, token: shown, ...parts })]).map((proof) => `DPoP: ${proof}`),
    ...lines,
    `Connection: ${connection}`, '', '',
  ].join('\r\n')
  const show: PopApi['show'] = (showing) => api.server.send(bytes(showing))
  const expectAllowed: PopApi['expectAllowed'] = async (showing) => {
    const answer = await show(showing)
    const record = api.audit.takeDecision()
    expect([answer.status, record.rule, record.detail]).toEqual([200, undefined, undefined])
    expect(api.handled.splice(0)).toEqual(['handler'])
    expect(record.outcome).toBe('allow')
    return answer
  }

  beforeAll(async () => {
    const given: GuardOptions = { issuer: forger.issuer, audience: attackedAudience, now, ...options(now) }
    const listed = Object.entries(all).flatMap(([path, known]) => (known === undefined ? [] : [[path, { action: known.action, ...known.options }] as const]))
    const routes = Object.fromEntries([...listed, ['/any/*rest', search] as const].flatMap(([path, route]) => ['GET', 'POST', 'PUT', 'HEAD'].map((method) => [`${method} ${path}`, route])))
    api = await startApi('Express 5', style === 'routes' ? { ...given, routes } : given, ({ guard, handler }) => {
      const known = (req: any): Actions[string] => {
        const [path] = req.url.split('?')
        return path.startsWith('/any/') ? search : all[path]
      }
      const guards = new Map(Object.values(all).map((route) => [route, requireCapability(route === undefined ? () => undefined : route.action, route?.options)]))
      const searching = requireCapability('search.web')
      const decide: Middleware[] = {
        routes: [guard],
        requireCapability: [guard, (req: any, res: any, next: any) => { (guards.get(known(req)) ?? (known(req) === search ? searching : requireCapability(() => undefined)))(req, res, next) }],
        'guard.authorize': [async (req: any, res: any, next: any) => {
          const { method, url, headers, rawHeaders, socket: { remoteAddress } } = req
          const route = known(req)
          const decision = await guard.guard.authorize({ method, url, headers, rawHeaders, remoteAddress }, route?.action ?? 'no such action', route?.options as Facts)
          for (const [name, value] of Object.entries(decision.headers ?? {})) res.setHeader(name, value)
          if (decision.outcome === 'allow') {
            next()
            return
          }
          const body = JSON.stringify({ error: decision.error, error_correlation_id: decision.correlationId })
          res.writeHead(decision.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
        }],
      }[style]
      return { use: [...decide, handler('handler')], routes: [] }
    }, { keep: true })
  })
  afterAll(async () => {
    try {
      await expectAllowed(last({ token }))
    } finally {
      await api.server.close()
      await api.guard.close()
    }
  })

  return {
    get api() { return api },
    get nowMs() { return nowMs },
    set nowMs(value) { nowMs = value },
    forger,
    client,
    token,
    bytes,
    show,
    expectAllowed,
    expectRefused: async (showing, { status, error, rule }) => {
      const answer = await show(showing)
      const record = api.audit.takeDecision()
      expect([answer.status, answer.json.error, record.rule, record.detail]).toEqual([status, error, rule, expect.any(String)])
      if (error !== undefined && [400, 401, 403].includes(status)) expect(answer.header('www-authenticate')).toContain(`error="${error}"`)
      expect(record).toMatchObject({ kind: 'decision', outcome: 'deny', status, correlation_id: answer.json.error_correlation_id })
      expect(api.handled.splice(0)).toEqual([])
      return record
    },
  }
}
