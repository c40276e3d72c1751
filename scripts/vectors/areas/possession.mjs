import { allowed, denied, expiresAt, invalidToken, now, quotaSpent, rfc3339, server, violation } from '../case.mjs'
import { base64url, twin } from '../sign.mjs'
import { sha256 } from '../keys.mjs'

const invalidProof = (rule = 'POP-3') => [401, 'invalid_dpop_proof', rule]
const malformed = (rule) => [400, 'invalid_request', rule]
const noCapability = [403, 'aap_invalid_capability', 'CAP-2']
const seconds = (value) => ({ at: rfc3339(value) })

/** A token that is bound to the client's key, with a proof that is in order but for these changes. */
const proved = (proof = {}, more = {}) => ({ client: 'es256-1', proofs: [proof], ...more })
const bearer = { headers: [['Authorization', 'Bearer {jwt}']] }
const bearing = (...fields) => ({ headers: [['Authorization', 'Bearer {jwt}'], ...fields] })
const dpop = (...fields) => ({ headers: [['Authorization', 'DPoP {jwt}'], ...fields] })

/** Rows of name, title, proof, flags and what else the case has, all with one outcome. */
const admits = (prefix, rows) => rows.map(([name, title, proof, flags = [], more = {}]) => allowed(`${prefix}-${name}`, title, proved(proof, { flags, ...more })))
const refuses = (prefix, denial, rows) => rows.map(([name, title, proof, flags = [], more = {}]) => denied(`${prefix}-${name}`, title, denial, proved(proof, { flags, ...more })))

const withHeader = (header) => ({ header })
const withJwk = (change) => ({ header: (jwk, key) => ({ jwk: change(jwk, key) }) })
const withClaims = (claims) => ({ claims })
const inserted = (text) => (json) => `${json.slice(0, -1)},${text}}`
const join = (signingInput, signature) => `${signingInput}.${base64url(signature)}`
const nested = (levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** The same bytes, with unused bits set: for lengths that leave some. */
const withTrailingBits = (text) => {
  if (text.length % 4 === 0) throw new Error('this text has no unused bits')
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) + 1]
}
const hexOf = (text) => Buffer.from(text, 'base64url').toString('hex')
const standardOf = (text) => Buffer.from(text, 'base64url').toString('base64')
/** Puts in as much that means nothing as makes a proof this long, nearly. */
const ofAbout = (length) => withClaims({ pad: 'x'.repeat(Math.floor((length - 900) * 3 / 4)) })

/** A proof for this URL, sent with a request for this path. */
const forUrl = (url, htu, more = {}) => proved({ claims: { htu } }, { request: { url }, ...more })
const sameUrl = (name, title, url, htu, flags = [], more = {}) => allowed(`pop-4-url-${name}`, title, forUrl(url, htu, { flags: ['UrlNormalization', ...flags], ...more }))
const otherUrl = (name, title, url, htu, flags = [], more = {}) => denied(`pop-4-url-${name}`, title, invalidProof('POP-4'), forUrl(url, htu, { flags, ...more }))

const search = (origin) => `${origin}/search`
const gateway = 'https://gateway.example.com'
const proxy = '10.0.3.7'
const agent = '192.0.2.44'
const trusting = { trustedProxies: ['10.0.3.0/24'] }
const gatewayFields = [['X-Forwarded-Host', 'gateway.example.com'], ['X-Forwarded-Proto', 'https']]
/** A bound token, with a proof for this origin and with these fields, from this peer. */
const from = (remoteAddress, origin, fields, more = {}) => proved({ claims: { htu: search(origin) } }, {
  ...dpop(['DPoP', '{proof}'], ...fields), ...more, server: { ...trusting, ...more.server }, request: { remoteAddress, ...more.request },
})
const knownAs = (...audience) => ({ server: { audience }, claims: { aud: audience[0] } })

/** A token that is bound to a certificate, on a connection with this one. */
const onConnection = (shown, more = {}) => ({ certificate: 'client-1', shown, ...bearer, ...more })
const behindProxy = (header = 'Client-Cert') => ({ server: { ...trusting, mtls: { header } } })
/** The same, with header fields that this peer sends. */
const handedOn = (remoteAddress, fields, more = {}) => ({ certificate: 'client-1', ...bearing(...fields), ...behindProxy(), request: { remoteAddress }, ...more })
const clientCert = (name) => ['Client-Cert', `:{der:${name}}:`]
const bothBindings = { client: 'es256-1', certificate: 'client-1' }

/** The same proof, ten seconds before. */
const shownBefore = (changes = {}, more = {}) => ({ ...proved({ claims: { iat: now - 10 } }), prior: [{ ...seconds(now - 10), ...changes }], ...more })
const replayed = (name, title, changes = {}, more = {}) => denied(`pop-3-replay-${name}`, title, invalidProof(), { flags: ['ReplayedProof'], ...shownBefore(changes), ...more })
const published = { request: { action: 'cms.publish' } }
const onRoute = { server: { routes: { 'GET /search': { action: 'search.web', proof: 'required' }, 'GET /health': { public: true } } }, request: { action: undefined } }
const factProof = { facts: { proof: 'required' } }
const noProof = dpop()

/** What makes a later step fail, apart from all others. */
const laterFailures = {
  agent: { server: { policy: { agents: { allowedIds: ['another-agent'] } } } },
  task: { task: { expires_at: now - 600 } },
  context: { claims: { aap_context: { network_zone: 'internal' } } },
  delegation: { claims: { aap_delegation: { depth: 1, max_depth: 0, chain: [{ sub: 'a' }] } } },
  capability: published,
  constraint: { constraints: { allowed_methods: ['POST'] } },
  approval: { claims: { aap_oversight: { requires_human_approval_for: ['search.web'] } } },
  quota: { constraints: { max_requests_per_hour: 0 } },
}
const earlierFailures = {
  times: [invalidToken('TOK-6'), seconds(expiresAt + 3600)],
  audience: [invalidToken('TOK-5'), { claims: { aud: 'https://other-api.example.com' } }],
  claims: [invalidToken('DIA-5'), { claims: { aap_agent: undefined } }],
}

export const files = {
  confirmation: {
    description: 'A token that says what it is bound to is never admitted as a bearer token, and one that is not bound never with another scheme.',
    verifies: ['POP-1'],
    cases: [
      allowed('pop-1-proved', 'Bound to a key, with a proof by it', proved()),
      allowed('pop-1-proved-lower-case', 'The scheme and the header in lower case', proved({}, { headers: [['authorization', 'dpop {jwt}'], ['dpop', '{proof}']] })),
      allowed('pop-1-proved-with-unknown', 'Bound to a key, and by a method that is not checked', proved({}, { cnf: ({ jkt }) => ({ kid: 'client-key-1', jkt: jkt('es256-1') }) })),
      denied('pop-1-jkt', 'Bound to a DPoP key, sent as a bearer token', invalidToken('POP-1'), { verifies: ['POP-1', 'POP-6'], flags: ['BindingDowngrade'], ...proved({}, bearer) }),
      denied('pop-1-bearer-with-proof', 'Bound to a DPoP key, sent as a bearer token with a proof', invalidToken('POP-1'), { verifies: ['POP-1', 'POP-6'], flags: ['BindingDowngrade'], ...proved({}, bearing(['DPoP', '{proof}'])) }),
      denied('pop-1-bearer-with-proof-header', 'A bound token as bearer, with a header that only looks like a proof', invalidToken('POP-1'), { flags: ['BindingDowngrade', 'ForgedProof'], ...proved({}, bearing(['DPoP', '{jwt}'])) }),
      denied('pop-1-x5t', 'Bound to a certificate, none shown', invalidToken('POP-5'), { verifies: ['POP-1', 'POP-5', 'POP-6'], flags: ['BindingDowngrade'], ...onConnection() }),
      denied('pop-1-x5t-dpop-scheme', 'Bound to a certificate, which is shown, with scheme DPoP', invalidToken('POP-1'), onConnection('client-1', dpop())),
      denied('pop-1-both', 'Bound twice, sent as a bearer token', invalidToken('POP-1'), { flags: ['BindingDowngrade'], ...bothBindings, ...bearer, shown: 'client-1' }),
      allowed('pop-1-both-proved', 'Bound twice, with a proof and on a connection with the certificate', { verifies: ['POP-1', 'POP-3', 'POP-5'], ...bothBindings, shown: 'client-1' }),
      denied('pop-1-both-without-certificate', 'Bound twice, with a proof alone', invalidToken('POP-5'), { flags: ['BindingDowngrade'], ...bothBindings }),
      denied('pop-1-both-other-certificate', 'Bound twice, with a proof and another certificate', invalidToken('POP-5'), { flags: ['BindingDowngrade'], ...bothBindings, shown: 'client-2' }),
      denied('pop-1-both-without-proof', 'Bound twice, with the certificate alone', invalidProof(), { flags: ['BindingDowngrade'], ...bothBindings, shown: 'client-1', ...noProof }),
      ...[
        ['empty', 'Bound to nothing', {}, ['EmptyIsNotUnlimited']],
        ['unknown-method', 'Bound by a method that is not checked', { kid: 'client-key-1' }, ['UnknownConstraint']],
        ['key', 'Bound to a key that stands in the claim', { jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } }, ['UnknownConstraint']],
        ['string', 'cnf is a string', 'jkt', ['TypeConfusion']],
        ['boolean', 'cnf is false', false, ['TypeConfusion']],
        ['array', 'cnf is an array', [], ['TypeConfusion']],
        ['jkt-number', 'jkt is a number', { jkt: 1 }, ['TypeConfusion']],
        ['x5t-number', 'x5t#S256 is a number', { 'x5t#S256': 1 }, ['TypeConfusion']],
        ['prototype', 'cnf names members of Object.prototype', { constructor: 'jkt' }, ['PrototypePollution', 'UnknownConstraint']],
      ].map(([name, title, cnf, flags]) => denied(`pop-1-${name}`, title, invalidToken('POP-1'), { flags, cnf })),
      denied('pop-1-array-of-one', 'cnf is an array with the right key', invalidToken('POP-1'), { flags: ['TypeConfusion'], ...proved({}, { cnf: ({ jkt }) => [{ jkt: jkt('es256-1') }] }) }),
      ...[
        ['empty', 'jkt is empty', () => '', ['EmptyIsNotUnlimited']],
        ['array', 'jkt is an array with the right thumbprint', (jkt) => [jkt], ['TypeConfusion']],
        ['padded', 'jkt has padding', (jkt) => `${jkt}=`, ['LenientBase64']],
        ['trailing-bits', 'jkt has unused bits that are set', withTrailingBits, ['LenientBase64']],
        ['hex', 'jkt is written in hex', hexOf],
        ['short', 'jkt lacks its last character', (jkt) => jkt.slice(0, -1), ['PrefixConfusion']],
        ['long', 'jkt has more bytes than a SHA-256', (jkt) => `${jkt}AAAA`, ['PrefixConfusion']],
      ].map(([name, title, change, flags = []]) => denied(`pop-1-jkt-${name}`, title, invalidToken('POP-1'), { flags, ...proved({}, { cnf: ({ jkt }) => ({ jkt: change(jkt('es256-1')) }) }) })),
      ...[
        ['empty', 'x5t#S256 is empty', () => '', ['EmptyIsNotUnlimited']],
        ['padded', 'x5t#S256 has padding', (x5t) => `${x5t}=`, ['LenientBase64']],
        ['hex', 'x5t#S256 is written in hex', hexOf],
        ['short', 'x5t#S256 has the length of a SHA-1', (x5t) => x5t.slice(0, 27)],
      ].map(([name, title, change, flags = []]) => denied(`pop-1-x5t-${name}`, title, invalidToken('POP-1'), { flags, ...onConnection('client-1', { cnf: ({ x5t }) => ({ 'x5t#S256': change(x5t('client-1')) }) }) })),
      denied('pop-1-jkt-right-x5t-malformed', 'A right jkt beside an x5t#S256 that cannot be one', invalidToken('POP-1'), proved({}, { cnf: ({ jkt }) => ({ jkt: jkt('es256-1'), 'x5t#S256': '' }) })),
      denied('pop-1-x5t-sha-1', 'Bound to a certificate by x5t, its SHA-1, alone', invalidToken('POP-1'), { flags: ['UnknownConstraint'], ...onConnection('client-1', { cnf: { x5t: 'dDH5rR1-cNhWvyTVB3iC3dsAOdY' } }) }),
      denied('pop-1-null', 'cnf is null', invalidToken('TOK-7'), { flags: ['NullMember'], cnf: null }),
      denied('pop-1-jkt-null', 'jkt is null', invalidToken('TOK-7'), { flags: ['NullMember'], cnf: { jkt: null } }),
      denied('pop-1-jkt-right-x5t-null', 'A right jkt beside an x5t#S256 that is null', invalidToken('TOK-7'), { flags: ['NullMember'], ...proved({}, { cnf: ({ jkt }) => ({ jkt: jkt('es256-1'), 'x5t#S256': null }) }) }),
      denied('pop-1-dpop-scheme-unbound', 'An unbound token with scheme DPoP', invalidToken('POP-1'), { verifies: ['POP-1', 'POP-6'], ...dpop() }),
      denied('pop-1-dpop-scheme-lower-case', 'An unbound token with scheme dpop', invalidToken('POP-1'), { headers: [['Authorization', 'dpop {jwt}']] }),
      denied('pop-1-dpop-scheme-unbound-proved', 'An unbound token with scheme DPoP and a proof by some key', invalidToken('POP-1'), proved({}, { cnf: () => undefined })),
      allowed('pop-1-unbound-with-proof', 'An unbound token as bearer, with a proof that nobody asked for', proved({}, { cnf: () => undefined, ...bearing(['DPoP', '{proof}']) })),
      denied('pop-1-dpop-off', 'Bound to a key where DPoP is off, with a right proof', invalidToken('POP-1'), proved({}, { server: { dpop: false } })),
      denied('pop-1-dpop-off-bearer', 'Bound to a key where DPoP is off, as a bearer token', invalidToken('POP-1'), { flags: ['BindingDowngrade'], ...proved({}, { server: { dpop: false }, ...bearer }) }),
      allowed('pop-1-dpop-off-unbound', 'Not bound, where DPoP is off', { server: { dpop: false } }),
      denied('pop-1-both-dpop-off', 'Bound twice where DPoP is off, on a connection with the certificate', invalidToken('POP-1'), { flags: ['BindingDowngrade'], ...bothBindings, shown: 'client-1', server: { dpop: false } }),
    ],
  },

  profiles: {
    description: 'A server or a route demands that every token is bound.',
    verifies: ['POP-2'],
    cases: [
      denied('pop-2-strict-unbound', 'Strict, and the token is not bound', invalidToken('POP-2'), { verifies: ['POP-2', 'POP-6'], server: { profile: 'strict' } }),
      denied('pop-2-strict-unbound-with-certificate', 'Strict, and the token is not bound to the certificate that is shown', invalidToken('POP-2'), { server: { profile: 'strict' }, shown: 'client-1', ...bearer }),
      denied('pop-2-strict-unbound-with-proof', 'Strict, and the token is not bound to the key of the proof', invalidToken('POP-2'), { server: { profile: 'strict' }, ...proved({}, { cnf: () => undefined, ...bearing(['DPoP', '{proof}']) }) }),
      allowed('pop-2-strict-key', 'Strict, and the token is bound to a key', proved({}, { server: { profile: 'strict' } })),
      allowed('pop-2-strict-certificate', 'Strict, and the token is bound to a certificate', onConnection('client-1', { server: { profile: 'strict' } })),
      denied('pop-2-strict-without-proof', 'Strict, and the proof is missing', invalidProof(), proved({}, { server: { profile: 'strict' }, ...noProof })),
      allowed('pop-2-strict-public', 'Strict, and a public route', { server: { profile: 'strict', routes: { 'GET /health': { public: true } } }, headers: [], request: { url: '/health', action: undefined }, audit: { agent_id: undefined, task_id: undefined, capability_index: undefined } }),
      allowed('pop-2-standard-unbound', 'Standard, and the token is not bound', { server: { profile: 'standard' } }),
      denied('pop-2-standard-bound', 'Standard, and a bound token comes without a proof', invalidProof(), { flags: ['BindingDowngrade'], ...proved({}, { server: { profile: 'standard' }, ...noProof }) }),
      denied('pop-2-fact-unbound', 'The action demands proof, and the token is not bound', invalidToken('POP-2'), { verifies: ['POP-2', 'POP-6'], ...factProof }),
      allowed('pop-2-fact-key', 'The action demands proof, and the token is bound to a key', proved({}, factProof)),
      allowed('pop-2-fact-certificate', 'The action demands proof, and the token is bound to a certificate', onConnection('client-1', factProof)),
      denied('pop-2-fact-with-certificate', 'The action demands proof, and the token is not bound to the certificate that is shown', invalidToken('POP-2'), { shown: 'client-1', ...bearer, ...factProof }),
      denied('pop-2-route-unbound', 'The route demands proof, and the token is not bound', invalidToken('POP-2'), onRoute),
      allowed('pop-2-route-key', 'The route demands proof, and the token is bound to a key', proved({}, { ...onRoute, audit: { action: 'search.web' } })),
      denied('pop-2-fact-before-agent', 'The action demands proof, and the agent is not allowed either', invalidToken('POP-2'), { verifies: ['POP-2', 'ORD-1'], ...factProof, ...laterFailures.agent }),
      denied('pop-2-fact-before-capability', 'The action demands proof, and there is no capability either', invalidToken('POP-2'), { verifies: ['POP-2', 'ORD-1'], ...factProof, ...published }),
    ],
  },

  proof: {
    description: 'The form of a proof, its header, its key and its signature.',
    verifies: ['POP-3'],
    cases: [
      ...admits('pop-3', [
        ['es256', 'ES256', {}],
        ['ed25519', 'EdDSA with Ed25519', {}, [], { client: 'ed25519-1' }],
        ['rs256', 'RS256', {}, [], { client: 'rs256-1' }],
        ['jwk-members', 'The key says what it is for, in another order', withJwk(({ kty, crv, x, y }) => ({ use: 'sig', y, x, kid: 'mine', alg: 'ES256', key_ops: ['verify'], kty, crv }))],
        ['header-members', 'Header parameters that mean nothing here', withHeader({ kid: 'es256-1', x: 1 })],
        ['twin-signature', 'The other valid spelling of an ECDSA signature', { compact: ({ signingInput, signature }) => join(signingInput, twin(signature())) }, ['ReSpelledSignature']],
        ['algorithm-configured', 'PS256, configured', { header: { alg: 'PS256' } }, [], { client: 'rs256-1', server: { dpop: { algorithms: ['PS256'] } } }],
        ['dpop-on', 'DPoP is on by name', {}, [], { server: { dpop: true } }],
        ['token-algorithms', 'The algorithms of tokens are not those of proofs', {}, [], { key: ['issuer', 'rs256-1'], server: { algorithms: ['RS256'] } }],
      ]),
      denied('pop-3-missing', 'No proof', invalidProof(), { verifies: ['POP-3', 'POP-6'], flags: ['BindingDowngrade'], ...proved({}, noProof) }),
      denied('pop-3-empty', 'An empty proof', invalidProof('TOK-2'), { verifies: ['POP-3', 'TOK-2'], flags: ['NotAProof'], ...proved({}, dpop(['DPoP', ''])) }),
      denied('pop-3-token-as-proof', 'The token for a proof', invalidProof(), { verifies: ['POP-3', 'TOK-3'], flags: ['WrongTokenType', 'ForgedProof'], ...proved({}, dpop(['DPoP', '{jwt}'])) }),
      denied('pop-3-two-equal', 'One proof in two headers', invalidProof(), { flags: ['AmbiguousCredentials'], ...proved({}, dpop(['DPoP', '{proof}'], ['DPoP', '{proof}'])) }),
      denied('pop-3-two-mixed-case', 'One proof in two headers, their names in different case', invalidProof(), { flags: ['AmbiguousCredentials'], ...proved({}, dpop(['DPoP', '{proof}'], ['dpop', '{proof}'])) }),
      denied('pop-3-two-different', 'Two proofs, and the first is in order', invalidProof(), { flags: ['AmbiguousCredentials'], client: 'es256-1', proofs: [{}, { claims: { htm: 'POST' } }], ...dpop(['DPoP', '{proof}'], ['DPoP', '{proof2}']) }),
      denied('pop-3-two-joined', 'Two proofs in one header, joined by a comma', invalidProof('TOK-2'), { verifies: ['POP-3', 'TOK-2'], flags: ['AmbiguousCredentials', 'NotAProof'], client: 'es256-1', proofs: [{}, {}], ...dpop(['DPoP', '{proof}, {proof2}']) }),
      denied('pop-3-in-query', 'A proof in the query', invalidProof(), { flags: ['AmbiguousCredentials'], ...proved({}, { ...noProof, request: { url: '/search?dpop=e30.e30.e30' } }) }),
      ...refuses('pop-3', invalidProof(), [
        ['oversized', 'A proof of over 16,384 bytes, signed correctly', ofAbout(17_000), ['Boundary']],
        ['typ-at-jwt', 'typ at+jwt', withHeader({ typ: 'at+jwt' }), ['WrongTokenType']],
        ['typ-jwt', 'typ JWT', withHeader({ typ: 'JWT' }), ['WrongTokenType']],
        ['typ-absent', 'typ is absent', withHeader({ typ: undefined }), ['WrongTokenType']],
        ['typ-upper-case', 'typ DPoP+JWT', withHeader({ typ: 'DPoP+JWT' }), ['WrongTokenType']],
        ['typ-application', 'typ application/dpop+jwt', withHeader({ typ: 'application/dpop+jwt' }), ['WrongTokenType']],
        ['typ-longer', 'typ dpop+jwt-x', withHeader({ typ: 'dpop+jwt-x' }), ['WrongTokenType', 'PrefixConfusion']],
        ['typ-array', 'typ is an array', withHeader({ typ: ['dpop+jwt'] }), ['TypeConfusion']],
        ['none', 'Algorithm none', { header: { alg: 'none' }, compact: ({ signingInput }) => `${signingInput}.c2lnbmF0dXJl` }, ['AlgorithmConfusion', 'ForgedProof']],
        ['none-without-signature', 'Algorithm none with an empty signature', { header: { alg: 'none' }, compact: ({ signingInput }) => `${signingInput}.` }, ['AlgorithmConfusion', 'ForgedProof']],
        ['none-mixed-case', 'Algorithm none in mixed case', { header: { alg: 'nOnE' }, compact: ({ signingInput }) => `${signingInput}.` }, ['AlgorithmConfusion', 'ForgedProof']],
        ['hmac-with-public-key', 'HS256 with the PEM of the public key as secret', withHeader({ alg: 'HS256' }), ['AlgorithmConfusion', 'ForgedProof']],
        ['algorithm-lower-case', 'Algorithm names are compared with case', { header: { alg: 'es256' }, signingAlgorithm: 'ES256' }, ['AlgorithmConfusion']],
        ['algorithm-array', 'The algorithm is no string', { header: { alg: ['ES256'] }, signingAlgorithm: 'ES256' }, ['AlgorithmConfusion', 'TypeConfusion']],
        ['algorithm-missing', 'No algorithm', { header: { alg: undefined }, signingAlgorithm: 'ES256' }, ['AlgorithmConfusion']],
        ['algorithm-not-default', 'PS256 is not among the default algorithms', withHeader({ alg: 'PS256' }), [], { client: 'rs256-1' }],
        ['algorithm-not-configured', 'ES256 where only EdDSA is configured', {}, [], { server: { dpop: { algorithms: ['EdDSA'] } } }],
        ['algorithm-of-another-key', 'RS256 with an elliptic curve key', { header: { alg: 'RS256' }, signingAlgorithm: 'ES256' }, ['AlgorithmConfusion', 'KeyMisuse']],
        ['jwk-missing', 'No key', withHeader({ jwk: undefined })],
        ['jwk-kid-instead', 'A key id instead of the key', withHeader({ jwk: undefined, kid: 'es256-1' }), ['EmbeddedKey']],
        ['jwk-string', 'The key is a string', withHeader({ jwk: 'es256-1' }), ['TypeConfusion']],
        ['jwk-array', 'The key is an array', withJwk((jwk) => [jwk]), ['TypeConfusion']],
        ['jwk-empty', 'The key is empty', withHeader({ jwk: {} })],
        ['signature-of-another-key', 'The key of the client, and the signature of another', { key: 'es256-2', header: (jwk) => ({ jwk: { ...jwk, x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' } }) }, ['ForgedProof'], { cnf: { jkt: sha256(JSON.stringify({ crv: 'P-256', kty: 'EC', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' })) } }],
        ['tampered-signature', 'One bit of the signature is wrong', { compact: ({ signingInput, signature }) => join(signingInput, Buffer.concat([Buffer.from([signature()[0] ^ 1]), signature().subarray(1)])) }, ['ForgedProof'], { client: 'ed25519-1' }],
        ['tampered-payload', 'The payload was changed after signing', { compact: ({ header, payload, signature }) => join([header, { ...payload, jti: 'another' }].map((part) => base64url(JSON.stringify(part))).join('.'), signature()) }, ['ForgedProof'], { client: 'ed25519-1' }],
        ['empty-signature', 'An empty signature', { compact: ({ signingInput }) => `${signingInput}.` }, ['ForgedProof']],
        ['zero-signature', 'An ECDSA signature of zeros', { compact: ({ signingInput }) => join(signingInput, Buffer.alloc(64)) }, ['ForgedProof', 'PsychicSignature']],
        ['der-signature', 'An ECDSA signature in DER', { compact: ({ signingInput, signature }) => join(signingInput, signature({ dsaEncoding: 'der' })) }, ['ForgedProof', 'SignatureEncoding']],
      ].map(([name, title, proof, flags, more]) => [name, title, proof, flags, { verifies: ['POP-3', 'POP-6'], ...more }])),
      ...refuses('pop-3-jwk', invalidProof(), [
        ['private', 'The private key of an elliptic curve', withJwk((jwk, { d }) => ({ ...jwk, d })), ['KeyMisuse']],
        ['private-empty', 'A private member that is empty', withJwk((jwk) => ({ ...jwk, d: '' })), ['KeyMisuse']],
        ['private-rsa', 'The private key of RSA', withJwk((jwk, { d, p, q }) => ({ ...jwk, d, p, q })), ['KeyMisuse'], { client: 'rs256-1' }],
        ['private-rsa-prime', 'A prime of the RSA key alone', withJwk((jwk, { p }) => ({ ...jwk, p })), ['KeyMisuse'], { client: 'rs256-1' }],
        ['symmetric', 'HS256 with a symmetric key', {}, ['AlgorithmConfusion', 'KeyMisuse'], { client: ['weak', 'oct-1'] }],
        ['rsa-1024', 'RSA with 1,024 bits', {}, ['WeakKey'], { client: 'rsa-1024' }],
        ['rsa-oversized', 'RSA with more than 8,192 bits', {}, ['WeakKey'], { client: ['weak', 'rsa-oversized'] }],
        ['rsa-exponent-1', 'RSA with exponent 1', {}, ['WeakKey'], { client: ['weak', 'rsa-exponent-1'] }],
        ['off-curve', 'A point that is not on its curve', { key: 'es256-1', header: () => ({ jwk: { crv: 'P-256', kty: 'EC', x: base64url(Buffer.alloc(32, 1)), y: base64url(Buffer.alloc(32, 2)) } }) }, ['ForgedProof', 'WeakKey'], { client: ['weak', 'ec-off-curve'] }],
        ['infinity', 'The coordinates are zero', withJwk((jwk) => ({ ...jwk, x: base64url(Buffer.alloc(32)), y: base64url(Buffer.alloc(32)) })), ['ForgedProof', 'WeakKey'], { cnf: { jkt: sha256(JSON.stringify({ crv: 'P-256', kty: 'EC', x: base64url(Buffer.alloc(32)), y: base64url(Buffer.alloc(32)) })) } }],
        ['ed448', 'EdDSA with Ed448', {}, ['KeyMisuse'], { client: ['weak', 'ed448-1'] }],
        ['use-enc', 'A key for encryption', withJwk((jwk) => ({ ...jwk, use: 'enc' })), ['KeyMisuse']],
        ['key-ops-without-verify', 'A key whose key_ops lack verify', withJwk((jwk) => ({ ...jwk, key_ops: ['encrypt'] })), ['KeyMisuse']],
        ['declared-es384', 'ES256 with a P-256 key that is declared for ES384', withJwk((jwk) => ({ ...jwk, alg: 'ES384' })), ['KeyMisuse']],
        ['declared-ps256', 'RS256 with a key that is declared for PS256', withJwk((jwk) => ({ ...jwk, alg: 'PS256' })), ['KeyMisuse'], { client: 'rs256-1' }],
        ['coordinate-padded', 'A coordinate with padding', withJwk((jwk) => ({ ...jwk, x: `${jwk.x}=` })), ['LenientBase64']],
        ['coordinate-trailing-bits', 'A coordinate whose unused bits are set', withJwk((jwk) => ({ ...jwk, x: withTrailingBits(jwk.x) })), ['LenientBase64']],
        ['coordinate-number', 'A coordinate that is a number', withJwk((jwk) => ({ ...jwk, x: 1 })), ['ForgedProof', 'TypeConfusion']],
      ].map(([name, title, proof, flags, more]) => [name, title, proof, flags, { verifies: ['POP-3', 'TOK-1'], ...more }])),
      denied('pop-3-another-key', 'A proof by a key that the token is not bound to', invalidToken('POP-3'), { verifies: ['POP-3', 'POP-6'], flags: ['ProofReuse'], ...proved({ key: 'es256-2' }) }),
      denied('pop-3-another-kind-of-key', 'A proof by a key of another kind', invalidToken('POP-3'), { verifies: ['POP-3', 'POP-6'], flags: ['ProofReuse'], ...proved({ key: 'ed25519-1' }) }),
      ...refuses('pop-3', invalidProof('TOK-2'), [
        ['crit', 'crit names something unknown', withHeader({ crit: ['nonce'], nonce: 'x' }), ['IgnoredCritical']],
        ['crit-empty', 'crit is empty', withHeader({ crit: [] }), ['IgnoredCritical']],
        ['b64-false', 'b64 is false', withHeader({ b64: false }), ['IgnoredCritical']],
        ['two-segments', 'No signature segment', { compact: ({ signingInput }) => signingInput }, ['NotAProof']],
        ['four-segments', 'A fourth segment', { compact: ({ signingInput, signature }) => `${join(signingInput, signature())}.e30` }, ['NotAProof']],
        ['padding', 'Padding at the end', { compact: ({ signingInput, signature }) => `${join(signingInput, signature())}==` }, ['LenientBase64', 'NotAProof']],
        ['white-space', 'White space inside', { compact: ({ signingInput, signature }) => join(signingInput, signature()).replace('.', '. ') }, ['LenientBase64', 'NotAProof'], { client: 'ed25519-1' }],
        ['trailing-bits', 'Unused bits of the signature are set', { compact: ({ signingInput, signature }) => `${signingInput}.${withTrailingBits(base64url(signature()))}` }, ['LenientBase64']],
        ['invalid-utf8', 'A byte that is not UTF-8', { claims: { pad: '@' }, payloadText: (json) => Buffer.from(json.replace('@', '\u00ff'), 'latin1') }, ['JsonParserDifferential']],
      ].map(([name, title, proof, flags, more]) => [name, title, proof, flags, { verifies: ['POP-3', 'TOK-2'], ...more }])),
      ...refuses('pop-3', invalidProof('TOK-7'), [
        ['duplicate-alg', 'alg stands in the header twice', { headerText: inserted('"alg":"ES256"') }, ['DuplicateMember']],
        ['duplicate-jwk', 'jwk stands in the header twice', { headerText: (json) => inserted(`"jwk":${JSON.stringify(JSON.parse(json).jwk)}`)(json) }, ['DuplicateMember']],
        ['duplicate-coordinate', 'A coordinate stands in the key twice', { headerText: (json) => json.replace('"crv":"P-256"', '"crv":"P-256","crv":"P-256"') }, ['DuplicateMember']],
        ['jwk-null', 'The key is null', { headerText: (json) => json.replace(/"jwk":\{[^}]*\}/, '"jwk":null') }, ['NullMember']],
        ['duplicate-htu', 'htu stands in the payload twice', { payloadText: inserted(`"htu":"${search(server.audience)}"`) }, ['DuplicateMember']],
        ['duplicate-htm-escaped', 'htm stands in the payload twice, once escaped', { payloadText: inserted(String.raw`"ht\u006d":"GET"`) }, ['DuplicateMember']],
        ['nonce-null', 'A nonce that is null', { payloadText: inserted('"nonce":null') }, ['NullMember']],
        ['proto', 'A member named __proto__', { payloadText: inserted('"__proto__":{"htm":"GET"}') }, ['PrototypePollution']],
        ['iat-infinite', 'iat is too large for a number', { claims: { iat: undefined }, payloadText: inserted('"iat":1e999') }],
        ['nested', 'Nested over 32 levels', { payloadText: inserted(`"pad":${nested(32)}`) }, ['DeepNesting']],
        ['payload-array', 'The payload is an array', { payloadText: (json) => `[${json}]` }, ['TypeConfusion']],
        ['payload-text', 'The payload is no JSON', { payloadText: 'proof' }],
        ['header-text', 'The header is no JSON', { headerText: 'proof' }],
      ].map(([name, title, proof, flags]) => [name, title, proof, flags, { verifies: ['POP-3', 'TOK-7'] }])),
    ],
  },

  claims: {
    description: 'The claims of a proof tie it to one request, at one time, with one token.',
    verifies: ['POP-3'],
    cases: [
      ...admits('pop-3', [
        ['other-claims', 'Claims that nobody asked for', withClaims({ nonce: 'of another server', iss: 'agent', aud: 'https://other-api.example.com', sub: '' })],
        ['htm-post', 'htm of another method', {}, [], { request: { method: 'POST' } }],
        ['htm-head', 'htm HEAD', {}, [], { request: { method: 'HEAD' } }],
        ['iat-oldest', 'iat exactly 60 s ago', withClaims({ iat: now - 60 }), ['Boundary']],
        ['iat-newest', 'iat exactly 10 s ahead', withClaims({ iat: now + 10 }), ['Boundary']],
        ['iat-fraction', 'iat with a fraction, 60 s ago less a millisecond', withClaims({ iat: now - 59.999 }), ['Boundary']],
        ['jti-one-character', 'A jti of one character', withClaims({ jti: '1' }), ['Boundary']],
        ['jti-prototype', 'A jti that is a member of Object.prototype', withClaims({ jti: '__proto__' }), ['PrototypePollution']],
      ]),
      ...refuses('pop-3', invalidProof(), [
        ['htm-other', 'htm of another method, with the same path', withClaims({ htm: 'POST' }), ['ProofReuse']],
        ['htm-of-get-for-post', 'htm GET for a POST', withClaims({ htm: 'GET' }), ['ProofReuse'], { request: { method: 'POST' } }],
        ['htm-of-get-for-head', 'htm GET for a HEAD', withClaims({ htm: 'GET' }), ['ProofReuse'], { request: { method: 'HEAD' } }],
        ['htm-lower-case', 'htm in lower case', withClaims({ htm: 'get' })],
        ['htm-override', 'htm of a method that only a header names', withClaims({ htm: 'POST' }), ['MethodOverride'], dpop(['DPoP', '{proof}'], ['X-HTTP-Method-Override', 'POST'])],
        ['htm-missing', 'No htm', withClaims({ htm: undefined })],
        ['htm-empty', 'htm is empty', withClaims({ htm: '' }), ['EmptyIsNotUnlimited']],
        ['htm-array', 'htm is an array with the method', withClaims({ htm: ['GET'] }), ['TypeConfusion']],
        ['iat-too-old', 'iat 60 s and a millisecond ago', withClaims({ iat: now - 60 }), ['Boundary'], seconds(now + 0.001)],
        ['iat-fraction-too-old', 'iat with a fraction, 60 s and a millisecond ago', withClaims({ iat: now - 60.001 }), ['Boundary']],
        ['iat-too-new', 'iat 10 s and a millisecond ahead', withClaims({ iat: now + 10 }), ['Boundary'], seconds(now - 0.001)],
        ['iat-without-tolerance', 'iat 61 s ago, with a clock tolerance of 300 s', withClaims({ iat: now - 61 }), ['TolerancePlaced'], { server: { clockTolerance: 300 } }],
        ['iat-ahead-without-tolerance', 'iat 11 s ahead, with a clock tolerance of 300 s', withClaims({ iat: now + 11 }), ['TolerancePlaced'], { server: { clockTolerance: 300 } }],
        ['iat-milliseconds', 'iat in milliseconds', withClaims({ iat: now * 1000 })],
        ['iat-zero', 'iat 0', withClaims({ iat: 0 })],
        ['iat-missing', 'No iat', withClaims({ iat: undefined })],
        ['iat-string', 'iat is a string', withClaims({ iat: String(now) }), ['TypeConfusion']],
        ['iat-array', 'iat is an array with the time', withClaims({ iat: [now] }), ['TypeConfusion']],
        ['jti-missing', 'No jti', withClaims({ jti: undefined })],
        ['jti-empty', 'jti is empty', withClaims({ jti: '' }), ['Boundary']],
        ['jti-number', 'jti is a number', withClaims({ jti: 1 }), ['TypeConfusion']],
        ['jti-array', 'jti is an array', withClaims({ jti: ['1'] }), ['TypeConfusion']],
        ['ath-missing', 'No ath, as in a proof for the token endpoint', withClaims({ ath: undefined }), ['ProofReuse']],
        ['ath-empty', 'ath is empty', withClaims({ ath: '' }), ['EmptyIsNotUnlimited']],
        ['ath-array', 'ath is an array with the hash', withClaims(({ ath }) => ({ ath: [ath] })), ['TypeConfusion']],
        ['ath-of-another-token', 'ath of another token', withClaims({ ath: sha256('another token') }), ['ProofReuse']],
        ['ath-of-the-header', 'ath of the token with its scheme', withClaims((_, jwt) => ({ ath: sha256(`DPoP ${jwt}`) }))],
        ['ath-of-the-payload', 'ath of the payload of the token', withClaims((_, jwt) => ({ ath: sha256(Buffer.from(jwt.split('.')[1], 'base64url')) }))],
        ['ath-hex', 'ath is written in hex', withClaims(({ ath }) => ({ ath: hexOf(ath) }))],
        ['ath-padded', 'ath has padding', withClaims(({ ath }) => ({ ath: `${ath}=` })), ['LenientBase64']],
        ['ath-standard-alphabet', 'ath is base64 and not base64url', withClaims(({ ath }) => ({ ath: standardOf(ath) })), ['LenientBase64']],
        ['ath-trailing-bits', 'ath has unused bits that are set', withClaims(({ ath }) => ({ ath: withTrailingBits(ath) })), ['LenientBase64']],
      ].map(([name, title, proof, flags, more]) => [name, title, proof, flags, { verifies: ['POP-3', 'POP-6'], ...more }])),
    ],
  },

  replay: {
    description: 'A proof is accepted once: it is remembered after all its other checks, by its jti and the key of the token, whatever became of the request.',
    verifies: ['POP-3'],
    cases: [
      denied('pop-3-replay', 'The same proof a second time', invalidProof(), { verifies: ['POP-3', 'POP-6'], flags: ['ReplayedProof'], ...shownBefore() }),
      replayed('at-once', 'The same proof a second time, at the same instant', seconds(now)),
      replayed('third-time', 'The same proof a third time', { times: 2 }),
      denied('pop-3-replay-oldest', 'The same proof again when it is exactly 60 s old', invalidProof(), { flags: ['ReplayedProof', 'Boundary'], ...proved({ claims: { iat: now - 60 } }), prior: [seconds(now - 60)] }),
      denied('pop-3-replay-from-ahead', 'The same proof again 70 s after it came 10 s ahead of its time', invalidProof(), { flags: ['ReplayedProof', 'Boundary'], ...proved({ claims: { iat: now - 60 } }), prior: [seconds(now - 70)] }),
      replayed('other-query', 'The same proof for the same path with another query', { request: { url: '/search?q=another' } }),
      replayed('other-action', 'The same proof for another action on the same URL', { request: { action: 'cms.draft' } }, { capabilities: [{ action: 'search.web' }, { action: 'cms.draft' }] }),
      replayed('of-refused-action', 'The same proof after its request was refused for its action', published),
      replayed('of-refused-constraint', 'The same proof after its request was refused by a constraint', { facts: { target: 'https://example.net/' } }, { constraints: { domains_allowed: ['example.org'] }, facts: { target: 'https://example.org/' } }),
      replayed('of-refused-quota', 'The same proof after its request was refused by a quota, which has room again', { }, {
        constraints: { max_requests_per_second: 1 }, proofs: [{ claims: { iat: now - 10 } }],
        prior: [{ ...seconds(now - 10), proofs: [{}] }, seconds(now - 10)],
      }),
      replayed('of-refused-size', 'The same proof after its request was refused for its size', { request: { contentLength: 11 } }, { constraints: { max_request_size: 10 }, request: { contentLength: 10 } }),
      replayed('of-refused-context', 'The same proof after its request was refused for its context', { facts: { zone: 'public' } }, { claims: { aap_context: { network_zone: 'internal' } }, facts: { zone: 'internal' } }),
      replayed('of-refused-approval', 'The same proof after its request was refused for want of an approval', { facts: { approval: 'required' } }),
      replayed('of-unmatched-route', 'The same proof after no route matched its request', { request: { url: '/search?', method: 'GET' } }, { server: { routes: { 'GET /other': 'search.web' } }, request: { action: undefined } }),
      denied('pop-3-same-jti', 'Another proof with the same jti', invalidProof(), { flags: ['ReplayedProof'], ...proved(), prior: [{ ...seconds(now - 10), proofs: [{ claims: { jti: 'pop-3-same-jti' } }] }] }),
      denied('pop-3-same-jti-other-request', 'Another proof with the same jti, for another method and path', invalidProof(), { flags: ['ReplayedProof'], ...proved(), prior: [{ ...seconds(now - 10), proofs: [{ claims: { jti: 'pop-3-same-jti-other-request' } }], request: { method: 'POST', url: '/drafts' } }] }),
      denied('pop-3-same-jti-other-token', 'Another proof with the same jti, for another token that is bound to the same key', invalidProof(), { flags: ['ReplayedProof'], ...proved(), prior: [{ ...seconds(now - 10), token: { jti: 'another-token' }, proofs: [{ claims: { jti: 'pop-3-same-jti-other-token' } }] }] }),
      denied('pop-3-same-jti-twin-signature', 'The same proof with the other spelling of its signature', invalidProof(), {
        flags: ['ReplayedProof', 'ReSpelledSignature'], ...proved({ claims: { iat: now - 10 }, compact: ({ signingInput, signature }) => join(signingInput, twin(signature())) }),
        prior: [{ ...seconds(now - 10), proofs: [{ claims: { jti: 'pop-3-same-jti-twin-signature' } }] }],
      }),
      denied('pop-3-same-jti-other-spelling', 'Another proof with the same jti, written with an escape', invalidProof(), {
        flags: ['ReplayedProof', 'JsonParserDifferential'], ...proved({ payloadText: (json) => json.replace('"pop-3', String.raw`"\u0070op-3`) }), prior: [{ ...seconds(now - 10), proofs: [{ claims: { jti: 'pop-3-same-jti-other-spelling' } }] }],
      }),
      allowed('pop-3-next-proof', 'The next proof with the same token', { ...proved(), prior: [{ ...seconds(now - 10), proofs: [{}] }] }),
      allowed('pop-3-next-proof-at-once', 'Another proof for the same request at the same instant', { flags: ['ProofIdentity'], ...proved(), prior: [{ ...seconds(now), proofs: [{}] }] }),
      allowed('pop-3-jti-other-case', 'A jti that differs from one before in its case', { flags: ['ProofIdentity'], ...proved(), prior: [{ ...seconds(now - 10), proofs: [{ claims: { jti: 'POP-3-JTI-OTHER-CASE' } }] }] }),
      allowed('pop-3-same-jti-other-key', 'A proof with the same jti by another client, with its own token', {
        flags: ['ProofIdentity', 'ProofBurning'], ...proved(), prior: [{ ...seconds(now - 10), token: { jti: 'another-token', client: 'ed25519-1' }, proofs: [{ key: 'ed25519-1', claims: { jti: 'pop-3-same-jti-other-key' } }] }],
      }),
      ...[
        ['wrong-path', 'its path', { request: { url: '/other' } }],
        ['wrong-method', 'its method', { request: { method: 'POST' } }],
        ['too-early', 'its time, which had not come', {}, { iat: now, at: now - 10.001 }],
        ['other-token', 'its token', { token: { jti: 'another-token' } }],
        ['forged', 'its signature', {}, { ownProof: (jti) => ({ claims: { jti }, compact: ({ signingInput }) => join(signingInput, Buffer.alloc(64, 1)) }), flags: ['ForgedProof'] }],
        ['two-headers', 'coming twice at once', dpop(['DPoP', '{proof}'], ['DPoP', '{proof}'])],
        ['bearer', 'the scheme of its token', bearing(['DPoP', '{proof}'])],
      ].map(([name, why, changes, { iat = now - 10, at = now - 10, ownProof, flags = [] } = {}]) => {
        const id = `pop-3-unspent-${name}`
        return allowed(id, `A proof whose jti was refused before for ${why}`, {
          flags: ['ProofBurning', ...flags], ...proved({ claims: { iat } }), prior: [{ ...seconds(at), ...changes, ...(ownProof && { proofs: [ownProof(id)] }) }],
        })
      }),
      allowed('pop-3-unspent-by-early-token', 'A proof that came before its token was valid', { verifies: ['POP-3', 'ORD-1'], flags: ['ProofBurning'], ...proved({ claims: { iat: now - 10 } }), claims: { nbf: now + 55 }, prior: [seconds(now - 10)] }),
      allowed('pop-3-unspent-by-certificate', 'A proof that came before without the certificate that its token needs as well', { verifies: ['POP-1', 'POP-3'], flags: ['ProofBurning'], ...bothBindings, shown: 'client-1', proofs: [{ claims: { iat: now - 10 } }], prior: [{ ...seconds(now - 10), shown: undefined }] }),
      allowed('pop-3-replay-uncounted', 'The second of two requests within a quota, after a proof was replayed in between', {
        verifies: ['POP-3', 'QTA-2'], flags: ['ReplayedProof'], ...proved(), constraints: { max_requests_per_hour: 2 }, prior: [{ ...seconds(now - 10), proofs: [{}], times: 4 }],
      }),
      denied('pop-3-replay-counted-once', 'The third of two requests within a quota', quotaSpent, {
        verifies: ['POP-3', 'CON-1'], ...proved(), constraints: { max_requests_per_hour: 2 }, retryAfterSeconds: 1800, prior: [{ ...seconds(now - 10), proofs: [{}] }, { ...seconds(now - 10), proofs: [{}] }],
      }),
    ],
  },

  url: {
    description: 'The URL of a proof in its normal form is that of the request in its normal form, exactly.',
    verifies: ['POP-4'],
    cases: [
      sameUrl('request-query', 'The query of the request does not count', '/search?q=1', 'https://api.example.com/search'),
      sameUrl('query', 'The query of the proof does not count', '/search', 'https://api.example.com/search?q=1'),
      sameUrl('fragment', 'The fragment of the proof does not count', '/search', 'https://api.example.com/search#top'),
      sameUrl('query-and-fragment', 'Query and fragment of both', '/search?a=/../b', 'https://api.example.com/search?q=https://other.example/#a?b'),
      sameUrl('case', 'Scheme and host in upper case', '/search', 'HTTPS://API.Example.COM/search'),
      sameUrl('default-port', 'The port of the scheme', '/search', 'https://api.example.com:443/search'),
      sameUrl('empty-path', 'No path is the root', '/', 'https://api.example.com'),
      sameUrl('dot-segment', 'A dot segment', '/search', 'https://api.example.com/./search'),
      sameUrl('dot-dot-segment', 'Two dots', '/search', 'https://api.example.com/other/../search'),
      sameUrl('dot-dot-above-root', 'Two dots at the root', '/search', 'https://api.example.com/../search'),
      sameUrl('dot-dot-encoded', 'Two dots, encoded', '/search', 'https://api.example.com/other/%2e%2E/search'),
      sameUrl('dot-segments-of-request', 'Dot segments of the request', '/other/../search', 'https://api.example.com/search'),
      sameUrl('dots-in-names', 'Dots in names stay', '/a..b/...', 'https://api.example.com/a..b/...'),
      sameUrl('unreserved-encoded', 'A tilde, encoded by the proof', '/~ada', 'https://api.example.com/%7Eada'),
      sameUrl('unreserved-encoded-by-request', 'A tilde, encoded by the request', '/%7eada', 'https://api.example.com/~ada'),
      sameUrl('letter-encoded', 'A letter, encoded', '/search', 'https://api.example.com/%73earch'),
      sameUrl('hex-lower-case', 'The hex digits of an encoding in lower case', '/a%2Fb', 'https://api.example.com/a%2fb'),
      sameUrl('utf8', 'An encoded letter beyond ASCII', '/caf%C3%A9', 'https://api.example.com/caf%c3%a9'),
      sameUrl('empty-segments', 'Empty segments stay', '/a//b', 'https://api.example.com/a//b'),
      sameUrl('sub-delimiters', 'Reserved characters stay as they are written', '/a;b=c,d(e)!@:$', 'https://api.example.com/a;b=c,d(e)!@:$'),
      ...[
        ['scheme', 'Another scheme', '/search', 'http://api.example.com/search', ['ProofReuse']],
        ['scheme-with-port', 'Another scheme, with the port of this one', '/search', 'http://api.example.com:443/search', ['ProofReuse']],
        ['port', 'Another port', '/search', 'https://api.example.com:8443/search', ['ProofReuse']],
        ['host', 'Another host', '/search', 'https://other-api.example.com/search', ['ProofReuse']],
        ['host-suffix', 'A host that only begins alike', '/search', 'https://api.example.com.attacker.example/search', ['ProofReuse', 'PrefixConfusion']],
        ['host-last-dot', 'A host with a dot at its end', '/search', 'https://api.example.com./search', ['LookAlike']],
        ['host-encoded', 'A host with an encoded letter', '/search', 'https://%61pi.example.com/search', ['UrlParserDifferential']],
        ['userinfo', 'A user name before the host', '/search', 'https://agent@api.example.com/search', ['UrlParserDifferential']],
        ['userinfo-empty', 'An empty user name before the host', '/search', 'https://@api.example.com/search', ['UrlParserDifferential']],
        ['userinfo-look-alike', 'The host as a user name before another', '/search', 'https://api.example.com@attacker.example/search', ['UrlParserDifferential', 'PrefixConfusion']],
        ['path', 'Another path', '/search', 'https://api.example.com/drafts', ['ProofReuse']],
        ['path-case', 'The path in another case', '/search', 'https://api.example.com/Search', ['UrlNormalization']],
        ['path-longer', 'A longer path', '/search', 'https://api.example.com/search/deep', ['PrefixConfusion']],
        ['path-shorter', 'The proof is for a path above', '/search/deep', 'https://api.example.com/search', ['PrefixConfusion']],
        ['trailing-slash', 'A slash at the end of the proof\'s path', '/search', 'https://api.example.com/search/', ['UrlNormalization']],
        ['trailing-slash-of-request', 'A slash at the end of the request\'s path', '/search/', 'https://api.example.com/search', ['UrlNormalization']],
        ['double-slash', 'A doubled slash', '/search', 'https://api.example.com//search', ['UrlNormalization']],
        ['encoded-slash', 'An encoded slash is no slash', '/a/b', 'https://api.example.com/a%2Fb', ['UrlNormalization']],
        ['encoded-reserved', 'An encoded semicolon is no semicolon', '/a;b', 'https://api.example.com/a%3Bb', ['UrlNormalization']],
        ['encoded-twice', 'A letter that is encoded twice', '/search', 'https://api.example.com/%2573earch', ['UrlNormalization']],
        ['encoded-question-mark', 'An encoded question mark begins no query', '/search', 'https://api.example.com/search%3Fq=1', ['UrlNormalization']],
        ['relative', 'A path alone', '/search', '/search'],
        ['scheme-relative', 'Without a scheme', '/search', '//api.example.com/search'],
        ['other-scheme', 'A scheme that is not http', '/search', 'wss://api.example.com/search'],
        ['white-space', 'White space before the URL', '/search', ' https://api.example.com/search', ['UrlParserDifferential']],
        ['line-end', 'A line end after the URL', '/search', 'https://api.example.com/search\n', ['UrlParserDifferential']],
        ['tab', 'A tab inside the path', '/search', 'https://api.example.com/sea\trch', ['UrlParserDifferential']],
        ['backslash', 'A backslash for the slash', '/search', 'https://api.example.com\\search', ['UrlParserDifferential']],
        ['backslashes', 'Backslashes after the scheme', '/search', 'https:\\\\api.example.com/search', ['UrlParserDifferential']],
        ['one-slash', 'One slash after the scheme', '/search', 'https:/api.example.com/search', ['UrlParserDifferential']],
        ['fullwidth-host', 'Fullwidth letters in the host', '/search', 'https://\uff41pi.example.com/search', ['UnicodeHost']],
        ['beyond-ascii', 'A letter beyond ASCII for its encoding', '/caf%C3%A9', 'https://api.example.com/caf\u00e9', ['UrlParserDifferential']],
        ['missing', 'No htu', '/search', undefined],
        ['empty', 'htu is empty', '/search', '', ['EmptyIsNotUnlimited']],
        ['array', 'htu is an array with the URL', '/search', ['https://api.example.com/search'], ['TypeConfusion']],
        ['number', 'htu is a number', '/search', 1, ['TypeConfusion']],
      ].map(([name, title, url, htu, flags]) => otherUrl(name, title, url, htu, flags)),
    ],
  },

  origin: {
    description: 'The origin that proofs are for is configured, or comes from a named proxy. Host never counts.',
    verifies: ['POP-4'],
    cases: [
      allowed('pop-4-audience', 'The audience that is a URL', proved({ claims: { htu: 'https://first.example.com/search' } }, knownAs('urn:example:api', 'https://first.example.com/', 'https://second.example.com'))),
      denied('pop-4-second-audience', 'A second audience that is a URL', invalidProof('POP-4'), { flags: ['ProofReuse'], ...proved({ claims: { htu: 'https://second.example.com/search' } }, knownAs('urn:example:api', 'https://first.example.com', 'https://second.example.com')) }),
      allowed('pop-4-audience-with-path', 'An audience with a path counts for its origin only', proved({ claims: { htu: search(server.audience) } }, knownAs('https://api.example.com/v1'))),
      allowed('pop-4-audience-port', 'An audience with a port', proved({ claims: { htu: 'https://api.example.com:8443/search' } }, knownAs('https://api.example.com:8443'))),
      denied('pop-4-no-origin', 'No audience is a URL, and nothing else says where the server is', invalidProof('POP-4'), proved({}, knownAs('urn:example:api'))),
      denied('pop-4-no-origin-host', 'Nothing but Host says where the server is', invalidProof('POP-4'), { flags: ['ClientControlledFact'], ...proved({}, { ...knownAs('urn:example:api'), ...dpop(['DPoP', '{proof}'], ['Host', 'api.example.com']) }) }),
      allowed('pop-4-no-origin-unbound', 'Nothing says where the server is, and the token is not bound', knownAs('urn:example:api')),
      denied('pop-4-host', 'A proof for another server, with its name in Host', invalidProof('POP-4'), { flags: ['ClientControlledFact', 'ProofReuse'], ...proved({ claims: { htu: search(gateway) } }, dpop(['DPoP', '{proof}'], ['Host', 'gateway.example.com'])) }),
      allowed('pop-4-other-host', 'Host is another name, and the proof is for the server', proved({}, dpop(['DPoP', '{proof}'], ['Host', 'inner.example.net:3000']))),
      denied('pop-4-request-origin', 'The request names its own origin', invalidProof('POP-4'), { flags: ['ClientControlledFact', 'ProofReuse'], ...proved({ claims: { htu: search(gateway) } }, { request: { url: search(gateway) } }) }),
      allowed('pop-4-base-url', 'baseUrl before the audience', proved({ claims: { htu: search(gateway) } }, { server: { baseUrl: gateway } })),
      denied('pop-4-base-url-audience', 'A proof for the audience where there is a baseUrl', invalidProof('POP-4'), { flags: ['ProofReuse'], ...proved({}, { server: { baseUrl: gateway } }) }),
      allowed('pop-4-base-url-path', 'The path of the request counts, and not that of baseUrl', proved({ claims: { htu: search(gateway) } }, { server: { baseUrl: `${gateway}/v1` } })),
      allowed('pop-4-base-url-no-audience', 'baseUrl where no audience is a URL', proved({ claims: { htu: search(gateway) } }, { ...knownAs('urn:example:api'), server: { audience: ['urn:example:api'], baseUrl: gateway } })),
      allowed('pop-4-base-url-forwarded', 'baseUrl before a forwarded host', from(proxy, 'https://api.example.com', gatewayFields, { server: { baseUrl: 'https://api.example.com' } })),
      denied('pop-4-forwarded-base-url', 'A proof for a forwarded host where there is a baseUrl', invalidProof('POP-4'), from(proxy, gateway, gatewayFields, { flags: ['ProofReuse'], server: { baseUrl: 'https://api.example.com' } })),
      allowed('pop-4-forwarded', 'A host that a named proxy forwards', from(proxy, gateway, gatewayFields)),
      denied('pop-4-forwarded-audience', 'A proof for the audience where a named proxy forwards another host', invalidProof('POP-4'), from(proxy, server.audience, gatewayFields, { flags: ['ProofReuse'] })),
      allowed('pop-4-forwarded-port', 'A forwarded host with a port', from(proxy, 'https://gateway.example.com:8443', [['X-Forwarded-Host', 'gateway.example.com:8443'], ['X-Forwarded-Proto', 'https']])),
      allowed('pop-4-forwarded-case', 'A forwarded host in upper case, with the port of its scheme', from(proxy, gateway, [['x-forwarded-host', 'GATEWAY.example.com:443'], ['x-forwarded-proto', 'HTTPS']])),
      allowed('pop-4-forwarded-http', 'A forwarded scheme that is http', from(proxy, 'http://gateway.example.com', [['X-Forwarded-Host', 'gateway.example.com'], ['X-Forwarded-Proto', 'http']])),
      denied('pop-4-forwarded-other-scheme', 'A proof for https where the forwarded scheme is http', invalidProof('POP-4'), from(proxy, gateway, [['X-Forwarded-Host', 'gateway.example.com'], ['X-Forwarded-Proto', 'http']])),
      allowed('pop-4-forwarded-proto-alone', 'A forwarded scheme without a host leaves it to the audience', from(proxy, server.audience, [['X-Forwarded-Proto', 'https']])),
      allowed('pop-4-forwarded-host-alone', 'A forwarded host without a scheme leaves it to the audience', from(proxy, server.audience, [['X-Forwarded-Host', 'gateway.example.com']])),
      allowed('pop-4-forwarded-nothing', 'A named proxy that forwards nothing leaves it to the audience', from(proxy, server.audience, [])),
      allowed('pop-4-forwarded-mapped-address', 'A named proxy with a mapped address', from(`::ffff:${proxy}`, gateway, gatewayFields)),
      allowed('pop-4-forwarded-ipv6', 'A named proxy with an IPv6 address', from('2001:db8:0:0::7', gateway, gatewayFields, { server: { trustedProxies: ['2001:db8::7'] } })),
      ...[
        ['unnamed', 'a peer that is not named', agent, trusting], ['beside', 'a peer beside the range', '10.0.4.7', trusting], ['nobody', 'a peer without an address', undefined, trusting],
        ['zone', 'a link-local peer', 'fe80::1%eth0', { trustedProxies: ['fe80::/10'] }], ['none', 'any peer, where none is named', proxy, { trustedProxies: [] }],
      ].flatMap(([name, who, remoteAddress, own]) => [
        denied(`pop-4-forwarded-by-${name}`, `A host that is forwarded by ${who}`, invalidProof('POP-4'), from(remoteAddress, gateway, gatewayFields, { flags: ['ProxySpoofing', 'ProofReuse'], server: own })),
        allowed(`pop-4-audience-beside-${name}`, `The audience, and a host that is forwarded by ${who}`, from(remoteAddress, server.audience, gatewayFields, { flags: ['ProxySpoofing'], server: own })),
      ]),
      denied('pop-4-forwarded-for', 'A peer that is not named and says that it is', invalidProof('POP-4'), from(agent, gateway, [['X-Forwarded-For', proxy], ...gatewayFields], { flags: ['ProxySpoofing'] })),
      denied('pop-4-forwarded-standard-header', 'Forwarded, which named proxies pass on as it came', invalidProof('POP-4'), from(proxy, gateway, [['Forwarded', 'host=gateway.example.com;proto=https']], { flags: ['ProxySpoofing'] })),
      ...[
        ['host-list', 'A list of forwarded hosts', [['X-Forwarded-Host', 'api.example.com, gateway.example.com'], ['X-Forwarded-Proto', 'https']]],
        ['host-twice', 'Two forwarded hosts', [...gatewayFields, ['X-Forwarded-Host', 'api.example.com']]],
        ['host-twice-equal', 'Two forwarded hosts that are equal', [...gatewayFields, ['x-forwarded-host', 'gateway.example.com']]],
        ['host-empty', 'An empty forwarded host', [['X-Forwarded-Host', ''], ['X-Forwarded-Proto', 'https']]],
        ['host-path', 'A forwarded host with a path', [['X-Forwarded-Host', 'gateway.example.com/search'], ['X-Forwarded-Proto', 'https']]],
        ['host-url', 'A forwarded host that is a URL', [['X-Forwarded-Host', gateway], ['X-Forwarded-Proto', 'https']]],
        ['host-userinfo', 'A forwarded host with a user name', [['X-Forwarded-Host', 'api.example.com@gateway.example.com'], ['X-Forwarded-Proto', 'https']]],
        ['host-port', 'A forwarded host with a port that is none', [['X-Forwarded-Host', 'gateway.example.com:https'], ['X-Forwarded-Proto', 'https']]],
        ['proto-list', 'A list of forwarded schemes', [['X-Forwarded-Host', 'gateway.example.com'], ['X-Forwarded-Proto', 'https,http']]],
        ['proto-twice', 'Two forwarded schemes', [...gatewayFields, ['X-Forwarded-Proto', 'https']]],
        ['proto-other', 'A forwarded scheme that is not http', [['X-Forwarded-Host', 'gateway.example.com'], ['X-Forwarded-Proto', 'wss']]],
      ].map(([name, title, fields]) => denied(`pop-4-forwarded-${name}`, title, malformed('POP-4'), from(proxy, gateway, fields, { flags: ['ProxySpoofing', 'AmbiguousCredentials'] }))),
      allowed('pop-4-forwarded-list-by-unnamed', 'A list of forwarded hosts, from a peer that is not named', from(agent, server.audience, [['X-Forwarded-Host', 'a, b'], ['X-Forwarded-Proto', 'https']])),
      denied('pop-4-forwarded-list-unbound', 'A list of forwarded hosts, and a token that is not bound', malformed('POP-4'), { flags: ['ProxySpoofing'], server: trusting, request: { remoteAddress: proxy }, ...bearing(['X-Forwarded-Host', 'a, b']) }),
      denied('pop-4-two-hosts', 'Two Host headers', malformed('POP-4'), { flags: ['AmbiguousCredentials'], ...proved({}, dpop(['DPoP', '{proof}'], ['Host', 'api.example.com'], ['Host', 'gateway.example.com'])) }),
      denied('pop-4-two-hosts-equal', 'Two Host headers that are equal, their names in different case', malformed('POP-4'), { flags: ['AmbiguousCredentials'], ...proved({}, dpop(['DPoP', '{proof}'], ['Host', 'api.example.com'], ['host', 'api.example.com'])) }),
      denied('pop-4-two-hosts-unbound', 'Two Host headers, and a token that is not bound', malformed('POP-4'), { flags: ['AmbiguousCredentials'], ...bearing(['Host', 'api.example.com'], ['Host', 'gateway.example.com']) }),
      ...[
        ['proxy', 'A named proxy says https, and its own connection is not TLS', proxy, 'https', false],
        ['proxy-tls', 'A named proxy says https, on a connection with TLS', proxy, 'https', true],
      ].map(([name, title, remoteAddress, proto, encrypted]) => allowed(`con-12-by-${name}`, title, { verifies: ['CON-12', 'POP-4'], constraints: { require_encryption: true }, server: trusting, request: { remoteAddress, encrypted }, ...bearing(['X-Forwarded-Proto', proto]) })),
      ...[
        ['unnamed', 'A peer that is not named says https', agent, 'https', false, ['ProxySpoofing']],
        ['proxy-http', 'A named proxy says http', proxy, 'http', false],
        ['proxy-http-tls', 'A named proxy says http, on a connection with TLS', proxy, 'http', true],
      ].map(([name, title, remoteAddress, proto, encrypted, flags = []]) => denied(`con-12-by-${name}`, title, violation('CON-12'), { verifies: ['CON-12', 'POP-4'], flags, constraints: { require_encryption: true }, server: trusting, request: { remoteAddress, encrypted }, ...bearing(['X-Forwarded-Proto', proto]) })),
    ],
  },

  certificates: {
    description: 'A token that is bound to a certificate needs a connection with it, or the word of a named proxy.',
    verifies: ['POP-5'],
    cases: [
      allowed('pop-5-right', 'The certificate of the connection', onConnection('client-1')),
      denied('pop-5-other', 'Another certificate by the same authority', invalidToken('POP-5'), { verifies: ['POP-5', 'POP-6'], ...onConnection('client-2') }),
      denied('pop-5-same-name', 'Another certificate in the same name', invalidToken('POP-5'), { flags: ['LookAlike'], server: { mtls: { selfSigned: true } }, ...onConnection('self-signed') }),
      denied('pop-5-none', 'No certificate, on a connection with TLS', invalidToken('POP-5'), { verifies: ['POP-5', 'POP-6'], flags: ['BindingDowngrade'], ...onConnection(undefined, { request: { encrypted: true } }) }),
      allowed('pop-5-unbound', 'A certificate with a token that is not bound', { shown: 'client-1', ...bearer }),
      allowed('pop-5-self-signed', 'A certificate that vouches for itself, where they are taken', { server: { mtls: { selfSigned: true } }, ...onConnection('self-signed', { certificate: 'self-signed' }) }),
      allowed('pop-5-on', 'Mutual TLS is on by name', { server: { mtls: true }, ...onConnection('client-1') }),
      denied('pop-5-off', 'Mutual TLS is off, and the right certificate is shown', invalidToken('POP-5'), { server: { mtls: false }, ...onConnection('client-1') }),
      allowed('pop-5-off-unbound', 'Mutual TLS is off, and the token is not bound', { server: { mtls: false } }),
      denied('pop-5-both-off', 'Mutual TLS is off, and the token is bound twice and proved by its key', invalidToken('POP-5'), { flags: ['BindingDowngrade'], server: { mtls: false }, ...bothBindings, shown: 'client-1' }),
      denied('pop-5-used-before', 'Used before on a connection with the certificate, now without', invalidToken('POP-5'), { verifies: ['POP-5', 'TOK-11'], flags: ['CacheConfusion'], ...onConnection(), prior: [{ ...seconds(now - 10), shown: 'client-1' }] }),
      allowed('pop-5-refused-before', 'Refused before without the certificate, now with it', { verifies: ['POP-5', 'TOK-11'], ...onConnection('client-1'), prior: [{ ...seconds(now - 10), shown: undefined }] }),
      allowed('pop-5-header', 'The certificate in the header of a named proxy', handedOn(proxy, [clientCert('client-1')])),
      allowed('pop-5-header-lower-case', 'The name of the header in lower case', handedOn(proxy, [['client-cert', ':{der:client-1}:']])),
      allowed('pop-5-header-of-proxy', 'The header of a named proxy, which shows a certificate of its own', handedOn(proxy, [clientCert('client-1')], { shown: 'proxy' })),
      denied('pop-5-header-other', 'Another certificate in the header of a named proxy', invalidToken('POP-5'), handedOn(proxy, [clientCert('client-2')])),
      denied('pop-5-header-none', 'A named proxy without the header', invalidToken('POP-5'), { flags: ['BindingDowngrade'], ...handedOn(proxy, []) }),
      denied('pop-5-header-none-of-proxy', 'A named proxy without the header, whose own certificate is the one that the token is bound to', invalidToken('POP-5'), { flags: ['ProxySpoofing'], ...handedOn(proxy, [], { shown: 'client-1' }) }),
      denied('pop-5-header-by-client', 'The header by a peer that is not named', invalidToken('POP-5'), { flags: ['ProxySpoofing'], ...handedOn(agent, [clientCert('client-1')]) }),
      denied('pop-5-header-by-client-with-other', 'The header by a peer that is not named, with a certificate of its own', invalidToken('POP-5'), { flags: ['ProxySpoofing'], ...handedOn(agent, [clientCert('client-1')], { shown: 'client-2' }) }),
      denied('pop-5-header-without-peer', 'The header on a connection whose peer has no address', invalidToken('POP-5'), { flags: ['ProxySpoofing'], ...handedOn(undefined, [clientCert('client-1')]) }),
      allowed('pop-5-connection-beside-proxies', 'The certificate of the connection, from a peer that is not named', handedOn(agent, [], { shown: 'client-1' })),
      allowed('pop-5-connection-before-header', 'The certificate of the connection, and the header of another by a peer that is not named', { flags: ['ProxySpoofing'], ...handedOn(agent, [clientCert('client-2')], { shown: 'client-1' }) }),
      denied('pop-5-header-not-configured', 'Client-Cert of a named proxy where no header is configured', invalidToken('POP-5'), { flags: ['ProxySpoofing'], ...handedOn(proxy, [clientCert('client-1')], { server: trusting }) }),
      denied('pop-5-header-other-configured', 'Client-Cert of a named proxy where another header is configured', invalidToken('POP-5'), { flags: ['ProxySpoofing'], ...handedOn(proxy, [clientCert('client-1')], behindProxy('X-Client-Cert')) }),
      allowed('pop-5-own-header-pem', 'URL-encoded PEM in a header of the proxy\'s own', handedOn(proxy, [['X-Client-Cert', '{pem:client-1}']], behindProxy('X-Client-Cert'))),
      allowed('pop-5-own-header-der', 'DER in base64 in a header of the proxy\'s own', handedOn(proxy, [['X-Client-Cert', '{der:client-1}']], behindProxy('X-Client-Cert'))),
      ...[
        ['twice', 'Two Client-Cert headers, the first with the right certificate', [clientCert('client-1'), clientCert('client-2')], ['AmbiguousCredentials']],
        ['twice-equal', 'Two equal Client-Cert headers, their names in different case', [clientCert('client-1'), ['client-cert', ':{der:client-1}:']], ['AmbiguousCredentials']],
        ['list', 'Two certificates in one header', [['Client-Cert', ':{der:client-1}:, :{der:client-2}:']], ['AmbiguousCredentials']],
        ['concatenated', 'Two certificates in one byte sequence', [['Client-Cert', ':{der:client-1}{der:client-2}:']], ['AmbiguousCredentials']],
        ['bare', 'Client-Cert without its colons', [['Client-Cert', '{der:client-1}']]],
        ['pem', 'Client-Cert in PEM', [['Client-Cert', '{pem:client-1}']]],
        ['thumbprint', 'Client-Cert with a text that is no certificate', [['Client-Cert', ':Y2xpZW50LTE=:']]],
      ].map(([name, title, fields, flags = []]) => denied(`pop-5-header-${name}`, title, malformed('POP-5'), { flags, ...handedOn(proxy, fields) })),
      allowed('pop-5-header-twice-by-client', 'Two Client-Cert headers by a peer that is not named, with the certificate of the connection', handedOn(agent, [clientCert('client-2'), clientCert('client-2')], { shown: 'client-1' })),
      allowed('pop-5-header-strict-both', 'Bound twice, proved by its key and by the header of a named proxy', { verifies: ['POP-1', 'POP-5'], ...bothBindings, ...behindProxy(), server: { ...behindProxy().server, profile: 'strict' }, request: { remoteAddress: proxy }, ...dpop(['DPoP', '{proof}'], clientCert('client-1')) }),
    ],
  },

  order: {
    description: 'The proof comes after times, audience and claims of the token, and before everything that it is used for.',
    verifies: ['ORD-1'],
    cases: [
      ...Object.entries(earlierFailures).map(([step, [denial, definition]]) => denied(`ord-1-${step}-before-missing-proof`, `${step} before a missing proof`, denial, proved({}, { ...definition, ...noProof }))),
      ...Object.entries(earlierFailures).map(([step, [denial, definition]]) => denied(`ord-1-${step}-before-bad-proof`, `${step} before a proof for another method`, denial, proved({ claims: { htm: 'POST' } }, definition))),
      ...Object.entries(laterFailures).map(([step, definition]) => denied(`ord-1-missing-proof-before-${step}`, `a missing proof before ${step}`, invalidProof(), { verifies: ['ORD-1', 'POP-3'], ...proved({}, { ...definition, ...noProof }) })),
      ...Object.entries(laterFailures).map(([step, definition]) => denied(`ord-1-certificate-before-${step}`, `a missing certificate before ${step}`, invalidToken('POP-5'), { verifies: ['ORD-1', 'POP-5'], ...onConnection(undefined, definition) })),
      ...Object.entries(laterFailures).map(([step, definition]) => denied(`ord-1-replay-before-${step}`, `a replayed proof before ${step}`, invalidProof(), { verifies: ['ORD-1', 'POP-3'], flags: ['ReplayedProof'], ...shownBefore({}, definition) })),
      denied('ord-1-capability-after-proof', 'a proof in order, and then the capability', noCapability, proved({}, published)),
      denied('ord-1-transport-before-proof', 'transport before a missing proof', malformed('TRN-1'), proved({}, { headers: [['Authorization', 'DPoP {jwt}'], ['Authorization', 'DPoP {jwt}']] })),
      denied('ord-1-signature-before-proof', 'signature before a missing proof', invalidToken('TOK-1'), proved({}, { flags: ['ForgedSignature'], key: ['other-issuer', 'es256-1'], ...noProof })),
    ],
  },
}
