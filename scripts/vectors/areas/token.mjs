import { agent, allowed, denied, expiresAt, invalidToken, issuedAt, now, rfc3339, server, task } from '../case.mjs'
import { base64url, twin } from '../sign.mjs'

const signedBy = (set, kid) => ({ key: [set, kid] })
const weak = (kid) => ({ ...signedBy('weak', kid), server: { jwks: 'keys/weak.json' } })
const trustsBoth = { server: { otherIssuers: [{ issuer: 'https://other.example.com', jwks: 'keys/other-issuer.json' }] } }
const otherIssuer = { claims: { iss: 'https://other.example.com' } }
const seconds = (value) => ({ at: rfc3339(value) })

/** The base64url text with its unused trailing bits set: the same bytes, spelled in another way. */
const withTrailingBits = (text) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) + 1]
}
/** The same token ten seconds ago, or the one without what makes it special. */
const usedBefore = (token, changes) => ({ prior: [{ ...seconds(now - 10), ...(token && { token }), ...changes }] })
const flipped = (signature) => Buffer.concat([Buffer.from([signature[0] ^ 1]), signature.subarray(1)])
const join = (signingInput, signature) => `${signingInput}.${base64url(signature)}`

const inserted = (text) => (json) => `${json.slice(0, -1)},${text}}`
const replaced = (from, to) => (json) => {
  if (!json.includes(from)) throw new Error(`no ${from} in ${json}`)
  return json.replace(from, to)
}
const bytesReplaced = (from, to) => (json) => {
  const [before, after] = json.split(from)
  return Buffer.concat([Buffer.from(before), to, Buffer.from(after)])
}
const nested = (levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

/** A code point that is two UTF-16 units and four bytes. */
const robot = '\u{1F916}'

const edDsa = signedBy('issuer', 'ed25519-1')
const attackerJwk = { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }

export const files = {
  signature: {
    description: 'A token is signed by a key of its issuer, with an algorithm that the server accepts and the key is for.',
    verifies: ['TOK-1'],
    cases: [
      allowed('tok-1-es256', 'ES256', signedBy('issuer', 'es256-1')),
      allowed('tok-1-rs256', 'RS256', signedBy('issuer', 'rs256-1')),
      allowed('tok-1-ed25519', 'EdDSA with Ed25519', edDsa),
      allowed('tok-1-twin-signature', 'The other valid spelling of an ECDSA signature', { flags: ['ReSpelledSignature'], compact: ({ signingInput, signature }) => join(signingInput, twin(signature())) }),
      allowed('tok-1-no-kid', 'No kid, and one key of the right shape', { header: { kid: undefined } }),
      denied('tok-1-tampered-payload', 'The payload was changed after signing', invalidToken('TOK-1'), {
        ...edDsa, flags: ['ForgedSignature'],
        compact: ({ header, payload, signature }) => join([header, { ...payload, aap_capabilities: [{ action: 'cms.publish' }] }].map((part) => base64url(JSON.stringify(part))).join('.'), signature()),
        request: { action: 'cms.publish' },
      }),
      denied('tok-1-tampered-header', 'The header was changed after signing', invalidToken('TOK-1'), {
        ...edDsa, flags: ['ForgedSignature'],
        compact: ({ header, payload, signature }) => join([{ ...header, typ: 'JWT' }, payload].map((part) => base64url(JSON.stringify(part))).join('.'), signature()),
      }),
      denied('tok-1-tampered-signature', 'One bit of the signature is wrong', invalidToken('TOK-1'), { ...edDsa, flags: ['ForgedSignature'], compact: ({ signingInput, signature }) => join(signingInput, flipped(signature())) }),
      denied('tok-1-truncated-signature', 'The signature is too short', invalidToken('TOK-1'), { ...edDsa, flags: ['ForgedSignature'], compact: ({ signingInput, signature }) => join(signingInput, signature().subarray(0, 63)) }),
      denied('tok-1-none', 'Algorithm none', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'ForgedSignature'], header: { alg: 'none' }, compact: ({ signingInput }) => `${signingInput}.c2lnbmF0dXJl` }),
      denied('tok-1-none-mixed-case', 'Algorithm none in mixed case', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'ForgedSignature'], header: { alg: 'nOnE' }, compact: ({ signingInput }) => `${signingInput}.c2lnbmF0dXJl` }),
      denied('tok-1-none-without-signature', 'Algorithm none with an empty signature', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'ForgedSignature'], header: { alg: 'none' }, compact: ({ signingInput }) => `${signingInput}.` }),
      denied('tok-1-hmac-with-public-key', 'HS256 with the PEM of the public key as secret', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'ForgedSignature'], header: { alg: 'HS256' } }),
      denied('tok-1-hmac-with-rsa-public-key', 'HS256 with the PEM of the RSA public key as secret', invalidToken('TOK-1'), { ...signedBy('issuer', 'rs256-1'), flags: ['AlgorithmConfusion', 'ForgedSignature'], header: { alg: 'HS256' } }),
      denied('tok-1-algorithm-lower-case', 'Algorithm names are compared with case', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion'], header: { alg: 'es256' }, signingAlgorithm: 'ES256' }),
      denied('tok-1-algorithm-array', 'The algorithm is no string', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'TypeConfusion'], header: { alg: ['ES256'] }, signingAlgorithm: 'ES256' }),
      denied('tok-1-algorithm-missing', 'No algorithm', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion'], header: { alg: undefined }, signingAlgorithm: 'ES256' }),
      denied('tok-1-algorithm-prototype', 'The algorithm is a member of Object.prototype', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'PrototypePollution'], header: { alg: 'constructor' }, signingAlgorithm: 'ES256' }),
      denied('tok-1-algorithm-not-default', 'RS384 is not among the default algorithms', invalidToken('TOK-1'), { ...signedBy('issuer', 'rs256-1'), header: { alg: 'RS384' } }),
      denied('tok-1-algorithm-not-configured', 'ES256 where only RS256 is configured', invalidToken('TOK-1'), { server: { algorithms: ['RS256'] } }),
      allowed('tok-1-algorithm-configured', 'RS256 where only RS256 is configured', { ...signedBy('issuer', 'rs256-1'), server: { algorithms: ['RS256'] } }),
      denied('tok-1-kid-of-another-kind', 'ES256 with the kid of an RSA key', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'KeyMisuse'], header: { kid: 'rs256-1' } }),
      denied('tok-1-unknown-kid', 'A kid that the issuer does not have', invalidToken('TOK-1'), { header: { kid: 'es256-2' } }),
      denied('tok-1-kid-path', 'A kid that is a path', invalidToken('TOK-1'), { flags: ['KidInjection'], header: { kid: '../../../../dev/null' } }),
      denied('tok-1-kid-prototype', 'A kid that is a member of Object.prototype', invalidToken('TOK-1'), { flags: ['KidInjection', 'PrototypePollution'], header: { kid: '__proto__' } }),
      denied('tok-1-foreign-key-same-kid', 'The key of another server, whose kid is the same', invalidToken('TOK-1'), { ...signedBy('other-issuer', 'es256-1'), flags: ['ForgedSignature'] }),
      denied('tok-1-zero-signature', 'An ECDSA signature of zeros', invalidToken('TOK-1'), { flags: ['ForgedSignature', 'PsychicSignature'], compact: ({ signingInput }) => join(signingInput, Buffer.alloc(64)) }),
      denied('tok-1-der-signature', 'An ECDSA signature in DER', invalidToken('TOK-1'), { flags: ['ForgedSignature', 'SignatureEncoding'], compact: ({ signingInput, signature }) => join(signingInput, signature({ dsaEncoding: 'der' })) }),
      denied('tok-1-embedded-key', 'Signed by a key that the header brings along', invalidToken('TOK-1'), { ...signedBy('other-issuer', 'es256-1'), flags: ['EmbeddedKey', 'ForgedSignature'], header: (jwk) => ({ kid: undefined, jwk }) }),
    ],
  },

  keys: {
    description: 'Keys in the set of a trusted issuer that must not be used, or not for this. None of them may cause anything but a refusal.',
    verifies: ['TOK-1'],
    cases: [
      allowed('tok-1-good-key-among-bad-ones', 'A usable key beside unusable ones', weak('es256-good')),
      allowed('tok-1-rsa-exponent-3', 'RSA with exponent 3', { flags: ['Boundary'], ...weak('rsa-exponent-3') }),
      denied('tok-1-rsa-exponent-1', 'RSA with exponent 1, under which the padded digest is its own signature', invalidToken('TOK-1'), { flags: ['WeakKey'], ...weak('rsa-exponent-1') }),
      denied('tok-1-rsa-1024', 'RSA with 1,024 bits', invalidToken('TOK-1'), { flags: ['WeakKey'], ...weak('rsa-1024') }),
      denied('tok-1-rsa-oversized', 'RSA with more than 8,192 bits', invalidToken('TOK-1'), { flags: ['WeakKey'], ...weak('rsa-oversized') }),
      denied('tok-1-rsa-declared-for-pss', 'RS256 with a key that is declared for PS256', invalidToken('TOK-1'), { flags: ['KeyMisuse'], ...weak('rsa-declared-ps256'), header: { alg: 'RS256' } }),
      denied('tok-1-rsa-declared-for-pkcs1', 'PS256, configured, with a key that is declared for RS256', invalidToken('TOK-1'), { flags: ['KeyMisuse'], key: ['weak', 'rsa-exponent-3'], header: { alg: 'PS256' }, server: { jwks: 'keys/weak.json', algorithms: ['PS256'] } }),
      allowed('tok-1-pss-configured', 'PS256, configured, with a key that is declared for it', { key: ['weak', 'rsa-declared-ps256'], header: { alg: 'PS256' }, server: { jwks: 'keys/weak.json', algorithms: ['PS256'] } }),
      denied('tok-1-use-enc', 'A key for encryption', invalidToken('TOK-1'), { flags: ['KeyMisuse'], ...weak('ec-for-encryption') }),
      denied('tok-1-key-ops-without-verify', 'A key whose key_ops lack verify', invalidToken('TOK-1'), { flags: ['KeyMisuse'], ...weak('ec-without-verify') }),
      denied('tok-1-ec-declared-es384', 'ES256 with a P-256 key that is declared for ES384', invalidToken('TOK-1'), { flags: ['KeyMisuse'], ...weak('ec-declared-es384'), header: { alg: 'ES256' } }),
      denied('tok-1-ec-off-curve', 'A point that is not on its curve', invalidToken('TOK-1'), { flags: ['ForgedSignature', 'WeakKey'], server: { jwks: 'keys/weak.json' }, header: { kid: 'ec-off-curve' } }),
      denied('tok-1-ed448', 'EdDSA with Ed448', invalidToken('TOK-1'), { flags: ['KeyMisuse'], ...weak('ed448-1') }),
      denied('tok-1-symmetric-key-in-set', 'HS256 with a symmetric key of the set', invalidToken('TOK-1'), { flags: ['AlgorithmConfusion', 'KeyMisuse'], ...weak('oct-1') }),
    ],
  },

  encoding: {
    description: 'Three segments of strict base64url, UTF-8, and no header parameter that changes how the token is read.',
    cases: [
      denied('tok-2-crit', 'crit names something unknown', invalidToken('TOK-2'), { flags: ['IgnoredCritical'], header: { crit: ['exp'], exp: 1 } }),
      denied('tok-2-crit-empty', 'crit is empty', invalidToken('TOK-2'), { flags: ['IgnoredCritical'], header: { crit: [] } }),
      denied('tok-2-crit-b64', 'crit names b64, which is true', invalidToken('TOK-2'), { flags: ['IgnoredCritical'], header: { crit: ['b64'], b64: true } }),
      denied('tok-2-b64-false', 'b64 is false', invalidToken('TOK-2'), { flags: ['IgnoredCritical'], header: { b64: false } }),
      denied('tok-2-b64-string', 'b64 is a string', invalidToken('TOK-2'), { flags: ['TypeConfusion'], header: { b64: 'true' } }),
      allowed('tok-2-b64-true', 'b64 is true', { verifies: ['TOK-2'], header: { b64: true } }),
      allowed('tok-2-jku-ignored', 'jku, x5u and jwk are ignored', { verifies: ['TOK-2'], flags: ['EmbeddedKey'], header: { jku: 'http://127.0.0.1:9/jwks.json', x5u: 'http://127.0.0.1:9/x5u', jwk: attackerJwk } }),
      denied('tok-2-two-segments', 'No signature segment', invalidToken('TOK-2'), { ...edDsa, flags: ['NotAJwt'], compact: ({ signingInput }) => signingInput }),
      denied('tok-2-four-segments', 'A fourth segment', invalidToken('TOK-2'), { ...edDsa, flags: ['NotAJwt'], compact: ({ signingInput, signature }) => `${join(signingInput, signature())}.e30` }),
      denied('tok-2-five-segments', 'Five segments, as an encrypted token has', invalidToken('TOK-2'), { ...edDsa, flags: ['NotAJwt'], compact: ({ signingInput, signature }) => `${join(signingInput, signature())}.e30.e30` }),
      denied('tok-2-padding', 'Padding at the end', invalidToken('TOK-2'), { flags: ['LenientBase64', 'NotAJwt'], compact: ({ signingInput, signature }) => `${join(signingInput, signature())}==` }),
      denied('tok-2-standard-alphabet', 'The signature in the standard alphabet', invalidToken('TOK-2'), {
        ...edDsa, flags: ['LenientBase64', 'NotAJwt'], claims: { jti: 'tok-2-standard-alphabet-2' },
        compact: ({ signingInput, signature }) => {
          const standard = signature().toString('base64').replaceAll('=', '')
          if (!/[+/]/.test(standard)) throw new Error('this signature is the same in both alphabets')
          return `${signingInput}.${standard}`
        },
      }),
      denied('tok-2-tilde', 'A character of neither alphabet', invalidToken('TOK-2'), { flags: ['LenientBase64', 'NotAJwt'], compact: ({ signingInput, signature }) => `${join(signingInput, signature())}~` }),
      denied('tok-2-trailing-bits-signature', 'Unused bits of the signature are set', invalidToken('TOK-2'), { flags: ['LenientBase64'], compact: ({ signingInput, signature }) => `${signingInput}.${withTrailingBits(base64url(signature()))}` }),
      denied('tok-2-trailing-bits-payload', 'Unused bits of the payload are set, and signed', invalidToken('TOK-2'), {
        flags: ['LenientBase64'], claims: { pad: 'xx' },
        compact: ({ signingInput, sign }) => {
          const [header, payload] = signingInput.split('.')
          if (payload.length % 4 === 0) throw new Error('this payload has no unused bits')
          const input = `${header}.${withTrailingBits(payload)}`
          return join(input, sign(input))
        },
      }),
      denied('tok-2-invalid-utf8', 'A byte that is not UTF-8', invalidToken('TOK-2'), { flags: ['JsonParserDifferential'], task: { id: 'task-@' }, payloadText: bytesReplaced('task-@', Buffer.from([0x74, 0x61, 0x73, 0x6b, 0xff])) }),
      denied('tok-2-overlong-utf8', 'An overlong encoding', invalidToken('TOK-2'), { flags: ['JsonParserDifferential'], task: { id: 'task-@' }, payloadText: bytesReplaced('task-@', Buffer.from([0x74, 0x61, 0x73, 0x6b, 0xc0, 0xaf])) }),
      denied('tok-2-surrogate-utf8', 'A surrogate as UTF-8', invalidToken('TOK-2'), { flags: ['JsonParserDifferential'], task: { id: 'task-@' }, payloadText: bytesReplaced('task-@', Buffer.from([0x74, 0x61, 0x73, 0x6b, 0xed, 0xa0, 0x80])) }),
      denied('int-1-opaque', 'An opaque token where nothing introspects it', invalidToken('INT-1'), { flags: ['NotAJwt'], compact: () => 'mF_9-B5f-4-1JqM' }),
    ],
  },

  type: {
    description: 'The header parameter typ.',
    verifies: ['TOK-3'],
    cases: [
      ...[['at-jwt', 'at+jwt'], ['application-at-jwt', 'application/at+jwt'], ['jwt', 'JWT'], ['jwt-lower-case', 'jwt'], ['at-jwt-upper-case', 'AT+JWT'], ['absent', undefined]]
        .map(([name, typ]) => allowed(`tok-3-${name}`, `typ ${typ ?? 'is absent'}`, { header: { typ } })),
      ...[['dpop-proof', 'dpop+jwt'], ['security-event', 'secevent+jwt'], ['logout-token', 'logout+jwt'], ['application-jwt', 'application/jwt'], ['empty', '']]
        .map(([name, typ]) => denied(`tok-3-${name}`, `typ ${typ === '' ? 'is empty' : typ}`, invalidToken('TOK-3'), { flags: ['WrongTokenType'], header: { typ } })),
      denied('tok-3-number', 'typ is a number', invalidToken('TOK-3'), { flags: ['TypeConfusion'], header: { typ: 1 } }),
      denied('tok-3-array', 'typ is an array', invalidToken('TOK-3'), { flags: ['TypeConfusion'], header: { typ: ['at+jwt'] } }),
      allowed('tok-3-demanded', 'at+jwt is demanded and given', { server: { tokenType: 'at+jwt' } }),
      allowed('tok-3-demanded-application', 'at+jwt is demanded and given with its full name', { server: { tokenType: 'at+jwt' }, header: { typ: 'application/at+jwt' } }),
      denied('tok-3-demanded-jwt', 'at+jwt is demanded, JWT given', invalidToken('TOK-3'), { flags: ['WrongTokenType'], server: { tokenType: 'at+jwt' }, header: { typ: 'JWT' } }),
      denied('tok-3-demanded-absent', 'at+jwt is demanded, nothing given', invalidToken('TOK-3'), { flags: ['WrongTokenType'], server: { tokenType: 'at+jwt' }, header: { typ: undefined } }),
    ],
  },

  issuer: {
    description: 'iss is exactly a trusted issuer, and only its keys are used; sub is there, and client_id is a text where it is there.',
    verifies: ['TOK-4'],
    cases: [
      ...[
        ['unknown', 'Another issuer', 'https://evil.example.com', ['PrefixConfusion']],
        ['trailing-slash', 'The issuer with a slash', 'https://as.example.com/', ['PrefixConfusion']],
        ['path-below', 'A URL below the issuer', 'https://as.example.com/tenant', ['PrefixConfusion']],
        ['upper-case', 'The issuer in upper case', 'HTTPS://AS.EXAMPLE.COM', ['PrefixConfusion']],
        ['array', 'The issuer in an array', ['https://as.example.com'], ['TypeConfusion']],
        ['number', 'A number', 1, ['TypeConfusion']],
        ['prototype', 'A member of Object.prototype', 'constructor', ['PrototypePollution']],
        ['missing', 'No issuer', undefined, []],
      ].map(([name, title, iss, flags]) => denied(`tok-4-issuer-${name}`, title, invalidToken('TOK-4'), { flags, claims: { iss } })),
      allowed('tok-4-second-issuer', 'A second trusted issuer with its own key', { ...trustsBoth, ...otherIssuer, ...signedBy('other-issuer', 'es256-1'), audit: { issuer: 'https://other.example.com' } }),
      denied('tok-4-second-issuer-by-the-first', 'The second issuer\'s name under the first one\'s key', invalidToken('TOK-1'), { verifies: ['TOK-1', 'TOK-4'], flags: ['CrossIssuerKey'], ...trustsBoth, ...otherIssuer }),
      denied('tok-4-first-issuer-by-the-second', 'The first issuer\'s name under the second one\'s key', invalidToken('TOK-1'), { verifies: ['TOK-1', 'TOK-4'], flags: ['CrossIssuerKey'], ...trustsBoth, ...signedBy('other-issuer', 'es256-1') }),
      denied('tok-4-subject-missing', 'No subject', invalidToken('TOK-4'), { claims: { sub: undefined } }),
      denied('tok-4-subject-empty', 'An empty subject', invalidToken('TOK-4'), { claims: { sub: '' } }),
      denied('tok-4-subject-number', 'A subject that is a number', invalidToken('TOK-4'), { flags: ['TypeConfusion'], claims: { sub: 7 } }),
      ...[['empty', 'empty', '', ['EmptyIsNotUnlimited']], ['number', 'a number', 7, ['TypeConfusion']], ['object', 'an object', {}, ['TypeConfusion']], ['array', 'an array', ['client-1'], ['TypeConfusion']], ['false', 'false', false, ['TypeConfusion']]]
        .map(([name, title, client_id, flags]) => denied(`tok-10-client-id-${name}`, `client_id is ${title}`, invalidToken('TOK-10'), { verifies: ['TOK-10'], flags, claims: { client_id } })),
      allowed('agt-2-subject-any-format', 'A subject of any format', { verifies: ['AGT-2'], claims: { sub: 'agent 7 / Ä' }, audit: { subject: 'agent 7 / Ä' } }),
    ],
  },

  audience: {
    description: 'aud names this resource server, exactly.',
    verifies: ['TOK-5'],
    cases: [
      allowed('tok-5-string', 'A string', { claims: { aud: server.audience } }),
      allowed('tok-5-one-of-several', 'One of several', { claims: { aud: ['https://first.example.com', server.audience] } }),
      allowed('tok-5-second-identifier', 'The second identifier of this server', { server: { audience: [server.audience, 'urn:example:api'] }, claims: { aud: 'urn:example:api' } }),
      ...[
        ['missing', 'No audience', undefined, ['AudienceConfusion']],
        ['other', 'Another server', 'https://other-api.example.com', ['AudienceConfusion']],
        ['empty-array', 'An empty array', [], ['AudienceConfusion', 'EmptyIsNotUnlimited']],
        ['empty-string', 'An empty string', '', ['AudienceConfusion']],
        ['trailing-slash', 'The identifier with a slash', `${server.audience}/`, ['AudienceConfusion', 'PrefixConfusion']],
        ['prefix', 'A prefix of the identifier', 'https://api.example', ['AudienceConfusion', 'PrefixConfusion']],
        ['longer', 'The identifier is a prefix', `${server.audience}.evil.test`, ['AudienceConfusion', 'PrefixConfusion']],
        ['upper-case', 'The identifier in another case', 'https://API.example.com', ['AudienceConfusion']],
        ['list-in-string', 'Several in one string', `https://first.example.com ${server.audience}`, ['AudienceConfusion']],
        ['number-beside', 'A number beside the identifier', [server.audience, 1], ['TypeConfusion']],
        ['nested', 'A nested array', [[server.audience]], ['TypeConfusion']],
        ['object', 'An object', { 0: server.audience, length: 1 }, ['TypeConfusion']],
      ].map(([name, title, aud, flags]) => denied(`tok-5-${name}`, title, invalidToken('TOK-5'), { flags, claims: { aud } })),
    ],
  },

  times: {
    description: 'exp, nbf and iat with a tolerance of 60 seconds or of none.',
    verifies: ['TOK-6'],
    cases: [
      allowed('tok-6-exp-within-tolerance', 'Exactly exp + 60 s', { flags: ['Boundary'], ...seconds(expiresAt + 60) }),
      denied('tok-6-exp-beyond-tolerance', 'A millisecond after exp + 60 s', invalidToken('TOK-6'), { flags: ['Boundary'], ...seconds(expiresAt + 60.001) }),
      allowed('tok-6-exp-no-tolerance-before', 'A millisecond before exp, no tolerance', { flags: ['Boundary'], server: { clockTolerance: 0 }, ...seconds(expiresAt - 0.001) }),
      denied('tok-6-exp-no-tolerance', 'Exactly exp, no tolerance', invalidToken('TOK-6'), { flags: ['Boundary'], server: { clockTolerance: 0 }, ...seconds(expiresAt) }),
      allowed('tok-6-exp-one-second-tolerance', 'Exactly exp + 1 s, tolerance 1 s', { flags: ['Boundary'], server: { clockTolerance: 1 }, ...seconds(expiresAt + 1) }),
      allowed('tok-6-exp-fraction', 'exp has a fraction; exactly 60 s later', { flags: ['Boundary'], claims: { exp: expiresAt + 0.5 }, ...seconds(expiresAt + 60.5) }),
      denied('tok-6-exp-fraction-beyond', 'exp has a fraction; a millisecond later still', invalidToken('TOK-6'), { flags: ['Boundary'], claims: { exp: expiresAt + 0.5 }, ...seconds(expiresAt + 60.501) }),
      denied('tok-6-exp-long-ago', 'Expired a day ago', invalidToken('TOK-6'), seconds(expiresAt + 86400)),
      allowed('tok-6-nbf-within-tolerance', 'Exactly nbf - 60 s', { flags: ['Boundary'], claims: { nbf: now + 60 } }),
      denied('tok-6-nbf-beyond-tolerance', 'A millisecond before nbf - 60 s', invalidToken('TOK-6'), { flags: ['Boundary'], claims: { nbf: now + 60 }, ...seconds(now - 0.001) }),
      allowed('tok-6-nbf-no-tolerance', 'Exactly nbf, no tolerance', { flags: ['Boundary'], server: { clockTolerance: 0 }, claims: { nbf: now } }),
      denied('tok-6-nbf-no-tolerance-before', 'A millisecond before nbf, no tolerance', invalidToken('TOK-6'), { flags: ['Boundary'], server: { clockTolerance: 0 }, claims: { nbf: now }, ...seconds(now - 0.001) }),
      allowed('tok-6-iat-within-tolerance', 'Issued 60 s in the future', { flags: ['Boundary'], claims: { iat: now + 60 } }),
      denied('tok-6-iat-beyond-tolerance', 'Issued a millisecond more than 60 s in the future', invalidToken('TOK-6'), { flags: ['Boundary'], claims: { iat: now + 60 }, ...seconds(now - 0.001) }),
      denied('tok-6-exp-missing', 'No exp', invalidToken('TOK-6'), { claims: { exp: undefined } }),
      denied('tok-6-iat-missing', 'No iat', invalidToken('TOK-6'), { claims: { iat: undefined } }),
      ...[['exp', String(expiresAt)], ['iat', String(issuedAt)], ['nbf', String(issuedAt)]]
        .map(([name, value]) => denied(`tok-6-${name}-string`, `${name} is a string`, invalidToken('TOK-6'), { flags: ['TypeConfusion'], claims: { [name]: value } })),
      denied('tok-6-exp-boolean', 'exp is true', invalidToken('TOK-6'), { flags: ['TypeConfusion'], claims: { exp: true } }),
      denied('tok-6-nbf-object', 'nbf is an object', invalidToken('TOK-6'), { flags: ['TypeConfusion'], claims: { nbf: {} } }),
    ],
  },

  json: {
    description: 'Strict JSON: what lenient parsers let through is refused, in the header as well as in the payload.',
    verifies: ['TOK-7'],
    cases: [
      ...[
        ['payload-array', 'The payload is an array', ['JsonParserDifferential'], (json) => `[${json}]`],
        ['payload-string', 'The payload is a string', ['JsonParserDifferential'], (json) => JSON.stringify(json)],
        ['payload-null', 'The payload is null', ['NullMember'], () => 'null'],
        ['two-objects', 'A second object after the first', ['JsonParserDifferential'], (json) => `${json}{}`],
        ['trailing-comma', 'A trailing comma', ['JsonParserDifferential'], (json) => `${json.slice(0, -1)},}`],
        ['comment', 'A comment', ['JsonParserDifferential'], (json) => `${json}/* */`],
        ['single-quotes', 'A name in single quotes', ['JsonParserDifferential'], inserted('\'x\':1')],
        ['nan', 'NaN', ['JsonParserDifferential'], inserted('"x":NaN')],
        ['leading-zero', 'A number with a leading zero', ['JsonParserDifferential'], inserted('"x":01')],
        ['control-character', 'A raw control character in a string', ['JsonParserDifferential'], inserted('"x":"a\nb"')],
        ['null-claim', 'A claim that is null', ['NullMember'], inserted('"aap_delegation":null')],
        ['null-nbf', 'nbf is null', ['NullMember'], inserted('"nbf":null')],
        ['null-oversight-list', 'A list of oversight that is null', ['NullMember'], inserted('"aap_oversight":{"requires_human_approval_for":null}')],
        ['null-confirmation', 'cnf is null', ['NullMember'], inserted('"cnf":null')],
        ['duplicate-claim', 'A claim twice', ['DuplicateMember'], inserted('"sub":"spiffe://example.com/agent/admin"')],
        ['duplicate-equal', 'A claim twice with the same value', ['DuplicateMember'], inserted(`"jti":"tok-7-duplicate-equal"`)],
        ['duplicate-escaped', 'A claim twice, once with an escape in its name', ['DuplicateMember'], inserted('"aap_capabilitie\\u0073":[{"action":"cms.publish"}]')],
        ['duplicate-nested', 'A member of the agent twice', ['DuplicateMember'], replaced('"operator":', '"operator":"org:other","operator":')],
        ['duplicate-in-ignored', 'A member twice in something that no rule reads', ['DuplicateMember'], inserted('"x":[{"a":1,"a":1}]')],
        ['proto', 'A member __proto__', ['PrototypePollution'], inserted('"__proto__":{"aap_oversight":{}}')],
        ['proto-escaped', 'A member __proto__, escaped', ['PrototypePollution'], inserted('"\\u005f_proto__":{}')],
        ['proto-nested', 'A member __proto__ deep inside', ['PrototypePollution'], inserted('"x":{"y":[{"__proto__":{"polluted":true}}]}')],
        ['infinite', 'A number too large for a double', ['JsonParserDifferential'], inserted('"x":1e400')],
        ['infinite-exp', 'exp too large for a double', ['JsonParserDifferential'], replaced(`"exp":${expiresAt}`, '"exp":1e400')],
        ['infinite-negative', 'A negative number too large for a double', ['JsonParserDifferential'], inserted('"x":[-1e400]')],
        ['nested-64', '64 levels', ['DeepNesting'], inserted(`"x":${nested(64)}`)],
        ['nested-5000', '5,000 levels', ['DeepNesting'], inserted(`"x":${'['.repeat(5000)}${']'.repeat(5000)}`)],
      ].map(([name, title, flags, payloadText]) => denied(`tok-7-${name}`, title, invalidToken('TOK-7'), { flags, payloadText })),
      denied('tok-7-header-duplicate', 'alg twice in the header', invalidToken('TOK-7'), { flags: ['DuplicateMember', 'AlgorithmConfusion'], headerText: (json) => `{"alg":"none",${json.slice(1)}` }),
      denied('tok-7-header-null', 'typ is null', invalidToken('TOK-7'), { flags: ['NullMember'], headerText: (json) => json.replace('"typ":"at+jwt"', '"typ":null') }),
      denied('tok-7-header-proto', 'A member __proto__ in the header', invalidToken('TOK-7'), { flags: ['PrototypePollution'], headerText: inserted('"__proto__":{}') }),
      denied('tok-7-header-array', 'The header is an array', invalidToken('TOK-7'), { flags: ['JsonParserDifferential', 'NotAJwt'], headerText: (json) => `[${json}]` }),
      allowed('tok-7-nested-24', '24 levels', { payloadText: inserted(`"x":${nested(24)}`) }),
      allowed('tok-7-proto-as-value', '__proto__ as a value', { flags: ['PrototypePollution'], agent: { id: '__proto__' }, task: { id: 'constructor', context: { topic: '__proto__' } }, audit: { agent_id: '__proto__', task_id: 'constructor' } }),
      allowed('tok-7-nul-in-value', 'U+0000 in a value', { task: { id: 'task\u0000123' }, audit: { task_id: undefined } }),
      allowed('tok-7-same-name-in-two-objects', 'One name in two objects', { claims: { x: [{ id: 1 }, { id: 2 }] } }),
      allowed('tok-7-white-space', 'White space between the tokens of the payload', { payloadText: (json) => ` ${JSON.stringify(JSON.parse(json), undefined, 2)}\n` }),
    ],
  },

  lengths: {
    description: 'Lengths in code points, each from 1 to its limit.',
    verifies: ['TOK-8'],
    cases: [
      allowed('tok-8-longest', 'Everything at its limit, in characters beyond U+FFFF where they are possible', {
        flags: ['Boundary'],
        agent: { id: robot.repeat(128), type: robot.repeat(64), operator: robot.repeat(256) },
        task: { id: robot.repeat(128), purpose: robot.repeat(256) },
        capabilities: [{ action: 'a'.repeat(128) }],
        claims: { aap_audit: { trace_id: robot.repeat(256) }, aap_delegation: { depth: 1, max_depth: 1, chain: [{ sub: robot.repeat(128) }] } },
        request: { action: 'a'.repeat(128) },
        audit: { agent_id: robot.repeat(128), task_id: robot.repeat(128) },
      }),
      ...[
        ['agent-id', { agent: { id: 'a'.repeat(129) } }], ['agent-type', { agent: { type: 'a'.repeat(65) } }], ['agent-operator', { agent: { operator: 'a'.repeat(257) } }],
        ['task-id', { task: { id: 'a'.repeat(129) } }], ['task-purpose', { task: { purpose: 'a'.repeat(257) } }],
        ['action', { capabilities: [{ action: 'search.web' }, { action: 'a'.repeat(129) }] }], ['trace-id', { claims: { aap_audit: { trace_id: 'a'.repeat(257) } } }],
      ].map(([name, changes]) => denied(`tok-8-${name}-long`, `${name.replace('-', ' ')} is one too long`, invalidToken('TOK-8'), { flags: ['Boundary'], ...changes })),
      ...[
        ['agent-id', { agent: { id: '' } }], ['agent-type', { agent: { type: '' } }], ['agent-operator', { agent: { operator: '' } }],
        ['task-id', { task: { id: '' } }], ['task-purpose', { task: { purpose: '' } }], ['trace-id', { claims: { aap_audit: { trace_id: '' } } }],
      ].map(([name, changes]) => denied(`tok-8-${name}-empty`, `${name.replace('-', ' ')} is empty`, invalidToken('TOK-8'), { flags: ['Boundary'], ...changes })),
      denied('tok-8-chain-entry-long', 'An entry of the chain is one too long', [403, 'aap_invalid_delegation_chain', 'TOK-8'], { flags: ['Boundary'], claims: { aap_delegation: { depth: 1, max_depth: 1, chain: [{ sub: 'a'.repeat(129) }] } } }),
      denied('tok-8-chain-string-long', 'An entry of a chain of strings is one too long', [403, 'aap_invalid_delegation_chain', 'TOK-8'], { flags: ['Boundary'], claims: { aap_delegation: { depth: 1, max_depth: 1, chain: ['user:ada', 'a'.repeat(129)] } } }),
      denied('tok-8-chain-entry-empty', 'An entry of the chain is empty', [403, 'aap_invalid_delegation_chain', 'TOK-8'], { flags: ['Boundary'], claims: { aap_delegation: { depth: 1, max_depth: 1, chain: [{ sub: '' }] } } }),
    ],
  },

  'token-id': {
    description: 'jti identifies the token.',
    verifies: ['TOK-9'],
    cases: [
      allowed('tok-9-longest', '256 characters', { flags: ['Boundary'], claims: { jti: 'j'.repeat(256) }, audit: { token_id: 'j'.repeat(256) } }),
      denied('tok-9-long', '257 characters', invalidToken('TOK-9'), { flags: ['Boundary'], claims: { jti: 'j'.repeat(257) } }),
      denied('tok-9-empty', 'Empty', invalidToken('TOK-9'), { flags: ['Boundary'], claims: { jti: '' } }),
      denied('tok-9-missing', 'Missing', invalidToken('TOK-9'), { claims: { jti: undefined } }),
      denied('tok-9-number', 'A number', invalidToken('TOK-9'), { flags: ['TypeConfusion'], claims: { jti: 42 } }),
      allowed('tok-9-prototype', 'A member of Object.prototype', { flags: ['PrototypePollution'], claims: { jti: 'constructor' }, audit: { token_id: 'constructor' } }),
    ],
  },

  reuse: {
    description: 'A token that was used before: what can change is checked again, and nothing that only resembles it passes for it.',
    verifies: ['TOK-11'],
    cases: [
      allowed('tok-11-last', 'Used before, at exactly exp + 60 s', { verifies: ['TOK-11', 'TOK-6'], flags: ['Boundary'], ...usedBefore(), ...seconds(expiresAt + 60) }),
      denied('tok-11-expired', 'Used before, a millisecond after exp + 60 s', invalidToken('TOK-6'), { verifies: ['TOK-11', 'TOK-6'], flags: ['Boundary'], ...usedBefore(), ...seconds(expiresAt + 60.001) }),
      allowed('tok-11-not-yet', 'Refused before nbf, and valid now', { verifies: ['TOK-11', 'TOK-6'], claims: { nbf: now }, prior: [seconds(now - 120)] }),
      denied('tok-11-task-over', 'Used before its task was over', [403, 'aap_task_mismatch', 'TSK-1'], { verifies: ['TOK-11', 'TSK-1'], flags: ['Boundary'], task: { expires_at: now }, prior: [seconds(now - 0.001)] }),
      denied('tok-11-window-over', 'Used before its capability\'s window was over', [403, 'aap_capability_expired', 'CON-4'], { verifies: ['TOK-11', 'CON-4'], flags: ['Boundary'], constraints: { time_window: { start: rfc3339(issuedAt), end: rfc3339(now) } }, prior: [seconds(now - 0.001)] }),
      denied('tok-11-context-over', 'Used before its context\'s window was over', [403, 'aap_invalid_context', 'CTX-1'], { verifies: ['TOK-11', 'CTX-1'], flags: ['Boundary'], claims: { aap_context: { time_window: { start: rfc3339(issuedAt), end: rfc3339(now) } } }, prior: [seconds(now - 0.001)] }),
      denied('tok-11-other-action', 'Used before for an action that it permits', [403, 'aap_invalid_capability', 'CAP-2'], { verifies: ['TOK-11', 'CAP-2'], request: { action: 'cms.publish' }, prior: [{ ...seconds(now - 10), request: { action: 'search.web' } }] }),
      denied('tok-11-facts', 'Used before for a host that it allows, and now there is none', [403, 'aap_domain_not_allowed', 'CON-2'], { verifies: ['TOK-11', 'CON-2', 'CAP-6'], flags: ['MissingFact'], constraints: { domains_allowed: ['example.org'] }, prior: [{ ...seconds(now - 10), facts: { target: 'https://example.org/' } }] }),
      denied('tok-11-scheme', 'Used before as a bearer token, now with scheme DPoP', invalidToken('POP-1'), { verifies: ['TOK-11', 'POP-1'], headers: [['Authorization', 'DPoP {jwt}']], prior: [{ ...seconds(now - 10), headers: [['Authorization', 'Bearer {jwt}']] }] }),
      denied('tok-11-same-signature', 'Another payload under the signature of a token that was used before', invalidToken('TOK-1'), {
        verifies: ['TOK-11', 'TOK-1'], flags: ['ForgedSignature', 'CacheConfusion'], ...edDsa, ...usedBefore({}, { request: { action: 'search.web' } }), request: { action: 'cms.publish' },
        compact: ({ header, payload, signature }) => join([header, { ...payload, aap_capabilities: [{ action: 'cms.publish' }] }].map((part) => base64url(JSON.stringify(part))).join('.'), signature()),
      }),
      denied('tok-11-same-payload', 'Another signature, which ends alike, under the payload of a token that was used before', invalidToken('TOK-1'), {
        verifies: ['TOK-11', 'TOK-1'], flags: ['ForgedSignature', 'CacheConfusion'], ...edDsa, ...usedBefore({}), compact: ({ signingInput, signature }) => join(signingInput, flipped(signature())),
      }),
      denied('tok-11-other-header', 'Another header on a token that was used before', invalidToken('TOK-1'), {
        verifies: ['TOK-11', 'TOK-1'], flags: ['ForgedSignature', 'CacheConfusion'], ...edDsa, ...usedBefore({}),
        compact: ({ header, payload, signature }) => join([{ ...header, typ: 'JWT' }, payload].map((part) => base64url(JSON.stringify(part))).join('.'), signature()),
      }),
      denied('tok-11-re-spelled', 'A token that was used before, with unused bits set', invalidToken('TOK-2'), {
        verifies: ['TOK-11', 'TOK-2'], flags: ['LenientBase64', 'CacheConfusion'], ...edDsa, ...usedBefore({}), compact: ({ signingInput, signature }) => `${signingInput}.${withTrailingBits(base64url(signature()))}`,
      }),
      denied('tok-11-same-id', 'A token of the same id, with less permission, after one with more', [403, 'aap_invalid_capability', 'CAP-2'], {
        verifies: ['TOK-11', 'CAP-2'], flags: ['CacheConfusion'], request: { action: 'cms.publish' }, prior: [{ ...seconds(now - 10), token: { capabilities: [{ action: 'search.web' }, { action: 'cms.publish' }] } }],
      }),
    ],
  },

  claims: {
    description: 'Malformed claims make the token invalid; a malformed delegation claim has its own code.',
    verifies: ['TOK-10'],
    cases: [
      ...[
        ['agent-string', 'The agent is a string', { claims: { aap_agent: 'agent-researcher-01' } }],
        ['agent-array', 'The agent is an array', { claims: { aap_agent: [agent] } }],
        ['agent-id-missing', 'The agent has no id', { agent: { id: undefined } }, 'AGT-1'],
        ['agent-type-missing', 'The agent has no type', { agent: { type: undefined } }, 'AGT-1'],
        ['agent-operator-missing', 'The agent has no operator', { agent: { operator: undefined } }, 'AGT-1'],
        ['agent-id-number', 'The id of the agent is a number', { agent: { id: 1 } }, 'AGT-1'],
        ['agent-model-number', 'The model is a number', { agent: { model: 4 } }],
        ['agent-attested-string', 'attested is a string', { agent: { runtime: { attested: 'false' } } }],
        ['agent-attested-string-in-context', 'attested is a string in runtime_context', { agent: { runtime_context: { attested: 'false' } } }],
        ['task-array', 'The task is an array', { claims: { aap_task: [task] } }],
        ['task-id-missing', 'The task has no id', { task: { id: undefined } }, 'TSK-1'],
        ['task-purpose-missing', 'The task has no purpose', { task: { purpose: undefined } }, 'TSK-1'],
        ['task-purpose-array', 'The purpose is an array', { task: { purpose: ['research'] } }, 'TSK-1'],
        ['task-data-sensitivity-number', 'data_sensitivity is a number', { task: { data_sensitivity: 0 } }],
        ['task-expires-at-word', 'expires_at is no time', { task: { expires_at: 'tomorrow' } }, 'TSK-1'],
        ['task-expires-at-no-offset', 'expires_at has no offset', { task: { expires_at: '2025-01-01T02:00:00' } }, 'TSK-1'],
        ['task-created-at-boolean', 'created_at is a boolean', { task: { created_at: true } }, 'TSK-1'],
        ['capabilities-object', 'capabilities is an object', { claims: { aap_capabilities: { action: 'search.web' } } }],
        ['capabilities-empty', 'capabilities is empty', { capabilities: [] }],
        ['capabilities-string', 'A capability is a string', { capabilities: ['search.web'] }],
        ['capabilities-second-malformed', 'A second capability has no action', { capabilities: [{ action: 'search.web' }, { name: 'cms.publish' }] }],
        ['capabilities-action-number', 'An action is a number', { capabilities: [{ action: 'search.web' }, { action: 1 }] }],
        ['constraints-array', 'constraints is an array', { capabilities: [{ action: 'search.web', constraints: [] }] }],
        ['constraints-string', 'constraints is a string', { capabilities: [{ action: 'search.web', constraints: 'none' }] }],
        ['constraints-of-another-action', 'constraints of another action is an array', { capabilities: [{ action: 'search.web' }, { action: 'cms.draft', constraints: [] }] }],
        ['oversight-array', 'oversight is an array', { claims: { aap_oversight: ['cms.publish'] } }],
        ['oversight-list-string', 'The approval list is a string', { claims: { aap_oversight: { requires_human_approval_for: 'cms.publish' } } }],
        ['oversight-alias-string', 'The alias of the approval list is a string', { claims: { aap_oversight: { requires_approval_for: 'cms.publish' } } }],
        ['oversight-list-numbers', 'The approval list holds a number', { claims: { aap_oversight: { requires_human_approval_for: ['cms.publish', 1] } } }],
        ['oversight-workflow-string', 'approval_workflow is a string', { claims: { aap_oversight: { approval_workflow: 'slack_channel' } } }],
        ['oversight-workflow-type-missing', 'approval_workflow has no type', { claims: { aap_oversight: { approval_workflow: { channel_id: 'C1' } } } }],
        ['context-string', 'context is a string', { claims: { aap_context: 'internal' } }],
        ['context-zone-array', 'network_zone is an array', { claims: { aap_context: { network_zone: ['internal'] } } }],
        ['context-window-string', 'time_window of the context is a string', { claims: { aap_context: { time_window: 'always' } } }],
        ['context-geo-object', 'geo_restriction is an object', { claims: { aap_context: { geo_restriction: {} } } }],
        ['audit-string', 'audit is a string', { claims: { aap_audit: 'full' } }],
        ['audit-trace-id-number', 'trace_id is a number', { claims: { aap_audit: { trace_id: 1 } } }],
      ].map(([name, title, changes, also]) => denied(`tok-10-${name}`, title, invalidToken('TOK-10'), { verifies: also ? ['TOK-10', also] : ['TOK-10'], flags: ['TypeConfusion'].filter(() => !/missing|empty/.test(name)), ...changes })),
      ...[['empty', ''], ['wildcard', '*'], ['wildcard-component', 'search.*'], ['leading-dot', '.search'], ['trailing-dot', 'search.'], ['empty-component', 'search..web'], ['leading-digit', '1search'], ['component-leading-digit', 'search.1web'], ['white-space', 'search web'], ['trailing-newline', 'search.web\n'], ['slash', 'search/web'], ['non-ascii', 'such\u00e9.web']]
        .map(([name, action]) => denied(`cap-1-action-${name}`, `The action ${JSON.stringify(action)}`, invalidToken(action === '' ? 'TOK-8' : 'TOK-10'), { verifies: [action === '' ? 'TOK-8' : 'TOK-10', 'CAP-1'], capabilities: [{ action: 'search.web' }, { action }] })),
      denied('tok-10-delegation-string', 'The delegation is a string', [403, 'aap_invalid_delegation_chain', 'DEL-1'], { flags: ['TypeConfusion'], claims: { aap_delegation: 'none' } }),
      denied('tok-10-delegation-array', 'The delegation is an array', [403, 'aap_invalid_delegation_chain', 'DEL-1'], { flags: ['TypeConfusion'], claims: { aap_delegation: [] } }),
    ],
  },
}
