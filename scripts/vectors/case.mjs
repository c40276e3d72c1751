import { flags as explanations } from './flags.mjs'
import { publicPart } from './keys.mjs'
import { base64url } from './sign.mjs'

/** Epoch seconds of the instants that most cases share. */
export const issuedAt = 1735689600 // 2025-01-01T00:00:00Z
export const now = issuedAt + 1800 // 2025-01-01T00:30:00Z
export const expiresAt = issuedAt + 3600 // 2025-01-01T01:00:00Z

export const rfc3339 = (seconds) => new Date(Math.round(seconds * 1000)).toISOString().replace('.000Z', 'Z')

export const server = {
  issuer: 'https://as.example.com',
  audience: 'https://api.example.com',
  clockTolerance: 60,
  jwks: 'keys/issuer.json',
}

const header = { alg: 'ES256', typ: 'at+jwt', kid: 'es256-1' }
export const agent = { id: 'agent-researcher-01', type: 'llm-autonomous', operator: 'org:blogcorp' }
export const task = { id: 'task-123', purpose: 'research_and_draft_article' }

const claims = (id) => ({
  iss: server.issuer,
  sub: 'spiffe://example.com/agent/researcher-01',
  aud: [server.audience],
  exp: expiresAt,
  iat: issuedAt,
  jti: id,
  aap_agent: agent,
  aap_task: task,
  aap_capabilities: [{ action: 'search.web' }],
})

const request = { method: 'GET', url: '/search', action: 'search.web' }

/** `undefined` takes a member away. */
const merge = (base, changes) => Object.fromEntries(Object.entries({ ...base, ...changes }).filter(([, value]) => value !== undefined))

export const withoutPrefix = (payload) => Object.fromEntries(Object.entries(payload).map(([name, value]) => [name.replace(/^aap_/, ''), value]))

/**
 * A case that is admitted, or with `denied: [status, error, rule]` one that is not. Beside the members of a
 * vector a definition may have, from the whole to the detail:
 *
 * - `constraints`, `capabilities`: of the token; `constraints` are those of its only capability, `search.web`;
 * - `claims`, `agent`, `task`, `header`: changes to the default ones; `undefined` takes a member away. The header
 *   may be a function from the public key that signs;
 * - `payload`: the whole payload, or a function from the default one;
 * - `headerText`, `payloadText`: what is signed instead of the JSON, as text, bytes or a function from the JSON;
 * - `key: [set, kid]`: what signs; `signingAlgorithm` where it differs from the header's;
 * - `compact`: a function from the parts to the token that is sent;
 * - `facts`, `request`, `headers`: `{jwt}` stands for the token in headers and url;
 * - `retryAfterSeconds`, `audit`: what to expect beside the outcome.
 */
export const allowed = (id, title, definition = {}) => ({ id, title, ...definition })
export const denied = (id, title, denial, definition = {}) => ({ id, title, denied: denial, ...definition })

/** Codes that come with a status of their own often enough to be named. */
export const invalidToken = (rule) => [401, 'invalid_token', rule]
export const violation = (rule) => [403, 'aap_constraint_violation', rule]
export const quotaSpent = [429, 'aap_constraint_violation', 'CON-1']

const textOf = (value, standard) => (typeof value === 'function' ? value(standard) : value ?? standard)

const buildToken = (definition, { keys, sign }) => {
  const [set, kid] = definition.key ?? ['issuer', 'es256-1']
  const key = keys[set].get(kid)
  const tokenHeader = merge({ ...header, alg: key.alg ?? 'ES256', kid }, typeof definition.header === 'function' ? definition.header(publicPart(key)) : definition.header)
  const standard = merge(claims(definition.jti ?? definition.id), {
    ...(definition.agent && { aap_agent: merge(agent, definition.agent) }),
    ...(definition.task && { aap_task: merge(task, definition.task) }),
    ...(definition.constraints && { aap_capabilities: [{ action: 'search.web', constraints: definition.constraints }] }),
    ...(definition.capabilities && { aap_capabilities: definition.capabilities }),
    ...definition.claims,
  })
  const payload = textOf(definition.payload, standard)
  const signingInput = [textOf(definition.headerText, JSON.stringify(tokenHeader)), textOf(definition.payloadText, JSON.stringify(payload))].map(base64url).join('.')
  const signature = (options) => sign(signingInput, definition.signingAlgorithm ?? tokenHeader.alg, key, options)
  const jwt = definition.compact === undefined
    ? `${signingInput}.${base64url(signature())}`
    : definition.compact({ signingInput, signature, sign: (input) => sign(input, definition.signingAlgorithm ?? tokenHeader.alg, key), header: tokenHeader, payload })
  const readable = definition.headerText === undefined && definition.payloadText === undefined && definition.compact === undefined
  return { jwt, token: readable && jwt.length <= 8192 ? { header: tokenHeader, payload } : undefined }
}

const buildRequest = (definition, jwt) => {
  const built = merge({ ...request, facts: definition.facts, headers: definition.headers }, definition.request)
  const fill = (text) => text.replaceAll('{jwt}', jwt)
  return merge({ ...built, url: fill(built.url) }, { headers: built.headers?.map(([name, value]) => [name, fill(value)]) })
}

const expectation = ({ denied: denial, retryAfterSeconds, audit, payload }, { action }) => {
  const who = payload === undefined ? { agent_id: agent.id, task_id: task.id, action } : { action }
  if (denial === undefined) return { outcome: 'allow', status: 200, audit: merge({ ...who, capability_index: 0 }, audit) }
  const [status, error, rule] = denial
  const authenticated = /^(CAP|CON|OVS)-/.test(rule) ? who : {}
  return merge({ outcome: 'deny', status, error, retryAfterSeconds, audit: merge({ rule, ...authenticated }, audit) })
}

/** What stands in the file. */
const buildCase = (definition, verifiesByDefault, tools) => {
  const { jwt, token } = buildToken(definition, tools)
  const built = buildRequest(definition, jwt)
  const flags = definition.flags ?? []
  for (const flag of flags) if (!(flag in explanations)) throw new Error(`${definition.id}: unknown flag ${flag}`)
  const prior = definition.prior?.map(({ at, times, token: other, ...changes }) => {
    const otherJwt = other && buildToken({ ...definition, compact: undefined, ...other }, tools).jwt
    const { facts = definition.facts, request: requestChanges = {}, headers = definition.headers } = changes
    return merge({ at, request: buildRequest({ ...definition, facts, headers, request: { ...definition.request, ...requestChanges } }, otherJwt ?? jwt), jwt: otherJwt, times })
  })
  return merge({
    id: definition.id,
    title: definition.title,
    verifies: [...new Set(definition.verifies ?? [...verifiesByDefault, ...(definition.denied?.slice(2) ?? [])])],
    flags,
    server: merge(server, definition.server),
    token,
    jwt,
    at: definition.at ?? rfc3339(now),
    prior,
    request: built,
    expect: expectation({ ...definition, audit: definition.audit }, built),
  })
}

export const buildFile = ({ description, verifies = [], cases }, tools) => {
  const built = cases.map((definition) => buildCase(definition, verifies, tools))
  const used = [...new Set(built.flatMap(({ flags }) => flags))].sort()
  return {
    $schema: '../../schemas/test-vector.schema.json',
    description,
    flags: Object.fromEntries(used.map((flag) => [flag, explanations[flag]])),
    cases: built,
  }
}
