import { flags as explanations } from './flags.mjs'
import { bareKey, publicPart, sha256, thumbprintOf } from './keys.mjs'
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

/** What the issuer says of an opaque token by default: the agent and the task that a JWT names. */
const agentToken = (id) => ({
  active: true,
  scope: 'search.web',
  client_id: 'client-1',
  sub: agent.id,
  aud: server.audience,
  exp: expiresAt,
  iat: issuedAt,
  jti: id,
  agent_type: 'autonomous',
  organization_id: agent.operator,
  task_id: task.id,
  intent_description: task.purpose,
})

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
 * - `facts`, `request`, `headers`: `{jwt}` stands for the token in headers and url, `{proof}` and `{proof2}` for proofs,
 *   `{der:name}` and `{pem:name}` for a certificate in base64 and in URL-encoded PEM;
 * - `answer`: changes to what the issuer says of the token, which is opaque then; `undefined` takes a member away;
 * - `answers`: everything that it says, in order; `body` may be a function from what it says by default, and an empty object
 *   is that;
 * - `introspection`: how else the server has it. A token that is a JWT all the same has `opaque: false`;
 * - `client`: the key of `keys/clients.json` that the token is bound to. It comes with the scheme DPoP and the proof, unless
 *   there are `headers`;
 * - `certificate`: the one that the token is bound to; `shown`: the one of the connection;
 * - `cnf`: the whole claim instead of these two, or a function from what gives thumbprints;
 * - `proofs`: what is special about each proof, see `buildProof`. An entry of `prior` has proofs of its own, or comes with
 *   those of the case;
 * - `retryAfterSeconds`, `audit`: what to expect beside the outcome.
 */
export const allowed = (id, title, definition = {}) => ({ id, title, ...definition })
export const denied = (id, title, denial, definition = {}) => ({ id, title, denied: denial, ...definition })

/** Codes that come with a status of their own often enough to be named. */
export const invalidToken = (rule) => [401, 'invalid_token', rule]
export const violation = (rule) => [403, 'aap_constraint_violation', rule]
export const quotaSpent = [429, 'aap_constraint_violation', 'CON-1']

const textOf = (value, standard) => (typeof value === 'function' ? value(standard) : value ?? standard)

/** A JWS with everything that a definition says about its parts. */
const buildJws = ({ payload: changed, headerText, payloadText, signingAlgorithm, compact }, { header, payload: standard, key }, sign) => {
  const payload = textOf(changed, standard)
  const signingInput = [textOf(headerText, JSON.stringify(header)), textOf(payloadText, JSON.stringify(payload))].map(base64url).join('.')
  const signWith = (input, options) => sign(input, signingAlgorithm ?? header.alg, key, options)
  const signature = (options) => signWith(signingInput, options)
  const text = compact === undefined ? `${signingInput}.${base64url(signature())}` : compact({ signingInput, signature, sign: (input) => signWith(input), header, payload })
  return { text, payload }
}

const confirmationOf = ({ cnf, client, certificate }, { keys, certificates }) => {
  const jkt = (kid) => thumbprintOf(keyOf(kid, keys))
  const x5t = (name) => certificates.get(name).thumbprint
  if (cnf !== undefined) return typeof cnf === 'function' ? cnf({ jkt, x5t }) : cnf
  if (client === undefined && certificate === undefined) return undefined
  return { ...(client && { jkt: jkt(client) }), ...(certificate && { 'x5t#S256': x5t(certificate) }) }
}

/** Of a kid in the set of clients, or of a set and a kid. */
const keyOf = (name, keys) => {
  const [set, kid] = Array.isArray(name) ? name : ['clients', name]
  return keys[set].get(kid)
}

const buildToken = (definition, tools) => {
  const [set, kid] = definition.key ?? ['issuer', 'es256-1']
  const key = tools.keys[set].get(kid)
  const tokenHeader = merge({ ...header, alg: key.alg ?? 'ES256', kid }, typeof definition.header === 'function' ? definition.header(publicPart(key)) : definition.header)
  const standard = merge(claims(definition.jti ?? definition.id), {
    ...(definition.agent && { aap_agent: merge(agent, definition.agent) }),
    ...(definition.task && { aap_task: merge(task, definition.task) }),
    ...(definition.constraints && { aap_capabilities: [{ action: 'search.web', constraints: definition.constraints }] }),
    ...(definition.capabilities && { aap_capabilities: definition.capabilities }),
    cnf: confirmationOf(definition, tools),
    ...definition.claims,
  })
  const { text: jwt, payload } = buildJws(definition, { header: tokenHeader, payload: standard, key }, tools.sign)
  const readable = definition.headerText === undefined && definition.payloadText === undefined && definition.compact === undefined
  return { jwt, token: readable && jwt.length <= 8192 ? { header: tokenHeader, payload } : undefined }
}

/** An opaque token, and what its issuer says about it. */
const buildOpaque = (definition, tools, text = `at_${definition.id}`) => {
  const standard = merge(agentToken(definition.jti ?? definition.id), { cnf: confirmationOf(definition, tools), ...definition.answer })
  const bodyOf = ({ body, text: other, status, fails }) => (typeof body === 'function' ? body(standard) : body ?? (other === undefined && status === undefined && fails === undefined ? standard : undefined))
  const answers = (definition.answers ?? [{}]).map((answer) => merge(answer, { body: bodyOf(answer) }))
  return { jwt: definition.opaqueText ?? text, answers }
}

const isOpaque = ({ opaque, answer, answers }) => opaque ?? (answer !== undefined || answers !== undefined)

/** The token of a case, or of an earlier request, with what its issuer says where it is asked. */
const issueToken = (definition, tools, opaqueText) => {
  const issued = isOpaque(definition) ? buildOpaque(definition, tools, opaqueText) : buildToken(definition, tools)
  return isOpaque(definition) || definition.answers === undefined ? issued : { ...issued, answers: buildOpaque(definition, tools).answers }
}

/**
 * A proof by the client's key, for the request and the token that it comes with. Like a token it may have `header`, `claims`
 * (both may be functions: from the public and the private key, and from the standard ones), `payload`, `headerText`,
 * `payloadText`, `signingAlgorithm` and `compact`, and a `key` of its own.
 */
const buildProof = (proof, { client, jwt, request: { method, url }, id, at }, { keys, sign }) => {
  const key = keyOf(proof.key ?? client, keys)
  const proofHeader = merge({ typ: 'dpop+jwt', alg: key.alg, jwk: bareKey(key) }, typeof proof.header === 'function' ? proof.header(bareKey(key), key) : proof.header)
  const standard = { jti: id, htm: method, htu: `${server.audience}${url.replace(/[?#].*/, '')}`, iat: Math.floor(Date.parse(at) / 1000), ath: sha256(jwt) }
  const payload = merge(standard, typeof proof.claims === 'function' ? proof.claims(standard, jwt) : proof.claims)
  return buildJws(proof, { header: proofHeader, payload, key }, sign).text
}

const buildProofs = ({ client, proofs = client ? [{}] : [], ...definition }, jwt, { id, at }, tools) => {
  const built = merge({ ...request, ...definition.request })
  return proofs.map((proof, i) => buildProof(proof, { client, jwt, request: built, id: i === 0 ? id : `${id}-${i + 1}`, at }, tools))
}

const withDpop = [['Authorization', 'DPoP {jwt}'], ['DPoP', '{proof}']]

const buildRequest = (definition, jwt, proofs, { certificates }) => {
  const { shown, headers = definition.client && withDpop } = definition
  const connection = shown && { encrypted: true, clientCertificatePem: certificates.get(shown).pem }
  const built = merge({ ...request, facts: definition.facts, headers, ...connection }, definition.request)
  const fill = (text) => text
    .replaceAll('{jwt}', jwt)
    .replace(/\{proof(\d?)\}/g, (_, number) => proofs[(number || 1) - 1])
    .replace(/\{(der|pem):([\w-]+)\}/g, (_, form, name) => (form === 'der' ? certificates.get(name).der : encodeURIComponent(certificates.get(name).pem)))
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
  const { jwt, token, answers } = issueToken(definition, tools)
  const answersByToken = answers && { [jwt]: answers }
  const at = definition.at ?? rfc3339(now)
  const proofs = buildProofs(definition, jwt, { id: definition.id, at }, tools)
  const built = buildRequest(definition, jwt, proofs, tools)
  const flags = definition.flags ?? []
  for (const flag of flags) if (!(flag in explanations)) throw new Error(`${definition.id}: unknown flag ${flag}`)
  const prior = definition.prior?.map(({ times, token: other, ...changes }, i) => {
    const otherToken = other && issueToken({ ...definition, compact: undefined, ...other }, tools, `at_${definition.id}-before-${i + 1}`)
    const otherJwt = otherToken?.jwt
    if (otherToken?.answers !== undefined) answersByToken[otherJwt] = otherToken.answers
    const earlier = { ...definition, ...changes, request: { ...definition.request, ...changes.request } }
    const earlierProofs = changes.proofs && buildProofs(earlier, otherJwt ?? jwt, { id: `${definition.id}-before-${i + 1}`, at: changes.at }, tools)
    return merge({ at: changes.at, request: buildRequest(earlier, otherJwt ?? jwt, earlierProofs ?? proofs, tools), jwt: otherJwt, times })
  })
  return merge({
    id: definition.id,
    title: definition.title,
    verifies: [...new Set(definition.verifies ?? [...verifiesByDefault, ...(definition.denied?.slice(2) ?? [])])],
    flags,
    server: merge(server, { ...definition.server, introspection: (answersByToken ?? definition.introspection) && { ...definition.introspection, answers: { ...answersByToken } } }),
    token,
    jwt,
    at,
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
