import { generateKeyPairSync, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import type { IntrospectionOptions, IssuerOptions } from '../../src/index.js'

export type Members = Readonly<Record<string, unknown>>
/** Instead of what the issuer would answer. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => void
export type AgentTokenEndpoint = 'agent-token' | 'introspect' | 'revoke'

/** What is asked for at `/oauth/agent-token`, beside the client's id and secret. */
export interface AgentTokenRequest {
  readonly delegated_by_user_id?: string
  readonly agent_type?: string
  readonly scope?: string
  readonly task_id?: string
  readonly task_type?: string
  readonly task_scopes?: string
  readonly max_operations?: number
  readonly expires_on_completion?: boolean
  readonly intent_description?: string
  readonly expires_in?: number
  readonly orchestrator_id?: string
  readonly environment?: string
  /** Of the agent that hands on what it may do: its token. */
  readonly parent_token?: string
}

/** An authorization server of agent tokens, over real HTTP: opaque ones, and JWTs beside them. */
export interface AgentTokenIssuer {
  readonly issuer: string
  /** Tokens that it was asked about, and told to revoke, in order; also where it misbehaved. */
  readonly asked: string[]
  readonly revocations: string[]
  /** Tokens that are revoked there. */
  readonly revoked: ReadonlySet<string>
  /** For the option `issuer`. Unless they say so, guards wait for 20 s for its answers, so that it alone makes them fail, and no machine that stands still. */
  trusted(introspection?: Partial<IntrospectionOptions>, others?: Partial<IssuerOptions>): IssuerOptions
  /** Asks it for a token as an agent's backend does, and gives the answer's body. */
  request(wanted?: Members): Promise<{ readonly status: number; readonly body: any }>
  /** An opaque token for `search.web`, unless another is wanted. */
  issue(wanted?: AgentTokenRequest): Promise<string>
  /** What it answers about this token from now on, over what it would; `undefined` removes a member. */
  amend(token: string, members: Members): void
  /** Signs a JWT with these claims; `undefined` leaves one out. */
  sign(claims: Members): Promise<string>
  /** What an endpoint does from now on; `undefined`: what it should. */
  misbehave(endpoint: AgentTokenEndpoint, how: Misbehaviour | undefined): void
  close(): Promise<void>
}

export interface AgentTokenIssuerOptions {
  readonly audience?: string
  /** Epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number
  /** In front of its tokens. Default `agt_`. */
  readonly prefix?: string
  /** Whether it counts each introspection as an operation, and answers what was left before it. Default `false`. */
  readonly counts?: boolean
}

const agent = { client_id: 'agent-7', client_secret: 'a-secret-of-the-agent' }
const api = { client_id: 'the-api', client_secret: 'a-secret-of-the-api' }
const allowedScopes = new Set(['search.web', 'posts.read', 'cms.publish', 'read:web', 'openid'])
const agentTypes = ['autonomous', 'supervised', 'ephemeral']

interface Issued {
  readonly answer: Members
  amended: Members
  left: number | undefined
}

export async function startAgentTokenIssuer({ audience = 'https://api.example.com', now = Date.now, prefix = 'agt_', counts = false }: AgentTokenIssuerOptions = {}): Promise<AgentTokenIssuer> {
  const issued = new Map<string, Issued>()
  const revoked = new Set<string>()
  const asked: string[] = []
  const revocations: string[] = []
  const misbehaviours = new Map<AgentTokenEndpoint, Misbehaviour>()
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' }] }

  /** The endpoint of the seed: a JSON body, the client's id and secret in it. */
  const issueToken = (wanted: any): [number, Members] => {
    if (!isSecretOf(agent, wanted.client_id, wanted.client_secret)) return [401, { error: 'invalid_client' }]
    const { agent_type, scope, delegated_by_user_id: delegatedBy, max_operations, expires_in = 900, parent_token } = wanted
    if (!agentTypes.includes(agent_type) || typeof delegatedBy !== 'string' || typeof scope !== 'string') return [400, { error: 'invalid_request' }]
    if (!scope.split(' ').every((name) => allowedScopes.has(name))) return [400, { error: 'invalid_scope' }]
    const parent = parent_token === undefined ? undefined : issued.get(parent_token)
    if (parent_token !== undefined && parent === undefined) return [400, { error: 'invalid_grant' }]
    const { task_id, task_type, task_scopes, expires_on_completion, intent_description, orchestrator_id, environment } = wanted
    const iat = Math.floor(now() / 1_000)
    const named = { agent_type, scope, task_id, task_type, task_scopes, max_operations, expires_on_completion, intent_description, orchestrator_id, environment }
    const chain = parent === undefined ? undefined : [...(parent.answer.delegation_chain as string[] | undefined ?? []), parent.answer.sub]
    const answer = {
      active: true, iss: origin, aud: audience, sub: parent === undefined ? 'agent-7' : `agent-7/${randomUUID().slice(0, 4)}`, client_id: agent.client_id, jti: randomUUID(), iat, exp: iat + Number(expires_in), token_type: 'Bearer',
      ...named, delegated_by: delegatedBy, delegation_depth: chain?.length ?? 0, delegation_chain: chain, organization_id: 'org:example',
    }
    const token = `${prefix}${randomBytes(32).toString('base64url')}`
    issued.set(token, { answer, amended: {}, left: max_operations })
    return [200, { access_token: token, token_type: 'Bearer', expires_in, ...named }]
  }

  const introspect = (form: URLSearchParams): [number, Members] => {
    const token = form.get('token') ?? ''
    const found = issued.get(token)
    if (found === undefined || revoked.has(token) || (found.answer.exp as number) * 1_000 <= now()) return [200, { active: false }]
    const remaining = found.left === undefined ? {} : { operations_remaining: found.left }
    if (counts && found.left !== undefined) found.left = Math.max(0, found.left - 1)
    return [200, { ...found.answer, ...remaining, ...found.amended }]
  }

  const answerOf = (path: string, headers: IncomingMessage['headers'], body: string): [number, Members] => {
    switch (path) {
      case '/.well-known/oauth-authorization-server': return [200, { issuer: origin, jwks_uri: `${origin}/jwks`, token_endpoint: `${origin}/oauth/agent-token`, introspection_endpoint: `${origin}/oauth/introspect`, revocation_endpoint: `${origin}/oauth/revoke` }]
      case '/jwks': return [200, jwks]
      case '/oauth/agent-token': return issueToken(JSON.parse(body))
      case '/oauth/introspect':
      case '/oauth/revoke': {
        const form = new URLSearchParams(body)
        const [id, secret] = Buffer.from(headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString().split(':').map(decodeURIComponent)
        if (!isSecretOf(api, id, secret)) return [401, { error: 'invalid_client' }]
        if (path.endsWith('introspect')) return introspect(form)
        revoked.add(form.get('token') ?? '')
        return [200, {}]
      }
      default: return [404, {}]
    }
  }

  const server = createServer((request, response) => {
    void (async () => {
      let body = ''
      for await (const part of request.setEncoding('utf8')) body += part as string
      const path = request.url ?? ''
      const endpoint = path.slice('/oauth/'.length) as AgentTokenEndpoint
      if (endpoint === 'introspect') asked.push(new URLSearchParams(body).get('token') ?? '')
      if (endpoint === 'revoke') revocations.push(new URLSearchParams(body).get('token') ?? '')
      const misbehaviour = path.startsWith('/oauth/') ? misbehaviours.get(endpoint) : undefined
      if (misbehaviour !== undefined) {
        misbehaviour(request, response)
        return
      }
      const [status, answer] = answerOf(path, request.headers, body)
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(answer))
    })().catch(() => { response.destroy() })
  })
  // Who asks again after a while finds the connection as it was.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const request: AgentTokenIssuer['request'] = async (wanted = {}) => {
    const response = await fetch(`${origin}/oauth/agent-token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...agent, delegated_by_user_id: 'user-42', agent_type: 'autonomous', scope: 'search.web', ...wanted }) })
    return { status: response.status, body: await response.json() }
  }
  return {
    issuer: origin,
    asked,
    revocations,
    revoked,
    trusted: (introspection = {}, others = {}) => ({ issuer: origin, introspection: { clientId: api.client_id, clientSecret: api.client_secret, timeoutMs: 20_000, ...introspection }, ...others }),
    request,
    issue: async (wanted = {}) => {
      const { status, body } = await request(wanted as Members)
      if (status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`)
      return body.access_token as string
    },
    amend: (token, members) => {
      const found = issued.get(token)
      if (found === undefined) throw new Error('it never issued this token')
      found.amended = { ...found.amended, ...members }
    },
    sign: (claims) => {
      const iat = Math.floor(now() / 1_000)
      const all: Record<string, unknown> = { iss: origin, aud: audience, iat, exp: iat + 300, jti: randomUUID(), ...claims }
      return new SignJWT(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' }).sign(privateKey)
    },
    misbehave: (endpoint, how) => {
      if (how === undefined) misbehaviours.delete(endpoint)
      else misbehaviours.set(endpoint, how)
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function isSecretOf(client: typeof agent, id: unknown, secret: unknown): boolean {
  if (typeof id !== 'string' || typeof secret !== 'string') return false
  const [given, known] = [Buffer.from(`${id}:${secret}`), Buffer.from(`${client.client_id}:${client.client_secret}`)]
  return given.length === known.length && timingSafeEqual(given, known)
}

/** Ways in which an endpoint can fail. */
export const misbehaviours = {
  hang: () => undefined,
  fail: (_request: IncomingMessage, response: ServerResponse) => { response.writeHead(500).end() },
  page: (_request: IncomingMessage, response: ServerResponse) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>active: true') },
  unsupported: (_request: IncomingMessage, response: ServerResponse) => { response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"unsupported_token_type"}') },
  cut: (request: IncomingMessage) => { request.socket.destroy() },
  /** 100 MB, until the reader has had enough. */
  flood: (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"active":true,"a":"')
    let left = 100
    const more = (): void => {
      while (left-- > 0) if (!response.write('a'.repeat(1_000_000))) return
      response.end('"}')
    }
    response.on('drain', more)
    more()
  },
  redirectTo: (url: string): Misbehaviour => (_request, response) => { response.writeHead(307, { location: url }).end() },
  answer: (value: unknown): Misbehaviour => (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(typeof value === 'string' ? value : JSON.stringify(value)) },
} as const
