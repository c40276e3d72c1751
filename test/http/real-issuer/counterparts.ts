import express from 'express'
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest'
import { aapGuard, createGuard, type GuardOptions } from '../../../src/index.js'
import { agentSubject, startAuthorizationServer, type AuthorizationServer, type AuthorizationServerOptions, type Binding } from '../../support/authorization-server.js'
import { capabilities } from '../../support/issuer.js'
import { collectAudit, type AuditCollector } from '../../support/audit.js'
import { createAgent, type Agent, type AgentOptions } from '../../support/agent.js'
import { createAuthorities, openTlsOrigin, type Authorities, type TlsOrigin } from '../../support/tls-origin.js'
import { createTlsFetch } from '../../support/tls-fetch.js'
import { operatorMessages, type OperatorMessages } from '../../support/operator-messages.js'
import type { IssuedCertificate } from '../../support/certificates.js'

export interface Counterparts {
  readonly authorities: Authorities
  readonly issuer: string
  /** Of the API, which is also the audience of the tokens. */
  readonly origin: string
  /** A certificate of an agent that the authorization server knows, with a key of its own. */
  issueCertificate(): IssuedCertificate
  /** An agent of its own key. */
  agent(binding: Binding, options?: Partial<AgentOptions>): Promise<Agent>
  /** Puts the API behind a guard with these options, until the test ends. */
  api(options?: GuardOptions): GuardedApi
}

export interface GuardedApi {
  /** `GET` and `POST` of it need `search.web`. */
  readonly url: string
  readonly audit: AuditCollector
  readonly operator: OperatorMessages
  /** Methods of the requests that were let through. */
  readonly handled: string[]
}

/** For a file of tests: an authorization server, an API and agents, all over TLS, that know of each other by URL alone. */
export function useCounterparts(settings: Omit<AuthorizationServerOptions, 'authorities' | 'audience'> = {}): Counterparts {
  const authorities = createAuthorities()
  let origin: TlsOrigin
  let server: AuthorizationServer
  beforeAll(async () => {
    // oidc-provider says on the console that its own defaults are for development.
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    origin = await openTlsOrigin(authorities)
    server = await startAuthorizationServer({ authorities, audience: origin.origin, claims: { aap_capabilities: capabilities('search.web') }, ...settings })
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await origin.close()
    await server.close()
  })
  const issueCertificate = (): IssuedCertificate => authorities.ofAgents.issue({ commonName: agentSubject })
  return {
    authorities,
    get issuer() { return server.issuer },
    get origin() { return origin.origin },
    issueCertificate,
    agent: (binding, options = {}) => createAgent({ authorities, issuer: server.issuer, audience: origin.origin, binding, ...(binding.includes('mtls') && { certificate: issueCertificate() }), ...options }),
    api: (options = {}) => {
      const audit = collectAudit()
      const operator = operatorMessages()
      const handled: string[] = []
      const guard = createGuard({
        issuer: server.issuer,
        audience: origin.origin,
        tokenType: 'at+jwt',
        fetch: createTlsFetch({ ca: authorities.ofServers.certPem }),
        audit: audit.sink,
        logger: operator,
        routes: { 'GET /search': { action: 'search.web', target: (req) => req.query.url }, 'POST /search': 'search.web' },
        ...options,
      })
      const app = express()
      app.use(aapGuard(guard))
      app.all('/search', (req, res) => {
        handled.push(req.method)
        res.json({ handled: req.method })
      })
      origin.serve(app)
      onTestFinished(async () => {
        origin.serve((_req, res) => { res.writeHead(503).end() })
        await guard.close()
      })
      return { url: `${origin.origin}/search`, audit, operator, handled }
    },
  }
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'))
}

export function headerOf(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString('utf8'))
}
