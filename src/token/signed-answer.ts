import type { Algorithm } from './algorithms.js'
import type { Claims } from '../model/claims.js'
import type { Clock } from '../model/clock.js'
import type { KeySet } from './key-set.js'
import { answerOf, type IntrospectionAnswer } from './introspection-answer.js'
import { checkAudience } from './standard-claims.js'
import { isAlgorithm } from './algorithms.js'
import { findVerifier } from './jws-signature.js'
import { parseJws } from './jws-parts.js'

/** What a signed answer has to hold to. */
export interface SignedAnswerRules {
  readonly issuer: string
  readonly keys: KeySet
  readonly algorithms: ReadonlySet<Algorithm>
  /** Whom it is for: this server by its client id, or as an audience of tokens. */
  readonly recipients: ReadonlySet<string>
  /** How far its `iat` may be from now: it was made for this very question. */
  readonly toleranceSeconds: number
  readonly now: Clock
}

/** Of the body, without parameters. */
export const signedAnswerType = 'application/token-introspection+jwt'

/**
 * Reads the body of a signed answer. The caller has seen that it came as one: a token of the same issuer is none, which is
 * why its `typ` has to say so too.
 *
 * @throws Error that quotes nothing of the body, where it is not signed by the issuer, for this server, just now
 * @throws KeysUnavailable where the issuer has no usable key set
 * @see RFC 9701 section 5
 */
export async function readSignedAnswer(bytes: Uint8Array, rules: SignedAnswerRules): Promise<IntrospectionAnswer> {
  const { header: { algorithm, keyId }, payload, ...signed } = parseJws(Buffer.from(bytes).toString('latin1'), malformed, (header) => readHeader(header, rules.algorithms), { allowsNull: true })
  if ((await findVerifier(await rules.keys.find(keyId, algorithm), algorithm, signed)) === undefined) refuse('the signature does not verify')
  return answerIn(payload, rules)
}

function answerIn({ iss, aud, iat, token_introspection: members }: Claims, { issuer, recipients, toleranceSeconds, now }: SignedAnswerRules): IntrospectionAnswer {
  if (iss !== issuer) refuse('it is of another issuer')
  if (checkAudience({ aud }, recipients) !== undefined) refuse('it is for another server')
  if (typeof iat !== 'number' || !(Math.abs(now() / 1_000 - iat) <= toleranceSeconds)) refuse('it was not made just now')
  if (typeof members !== 'object' || members === null || Array.isArray(members)) refuse('it has no token_introspection')
  return answerOf(members as Claims)
}

function readHeader({ alg, typ, kid }: Claims, algorithms: ReadonlySet<Algorithm>): { readonly algorithm: Algorithm; readonly keyId: string | undefined } {
  if (!isAlgorithm(alg) || !algorithms.has(alg)) refuse('its alg is not accepted')
  if (typeof typ !== 'string' || !['token-introspection+jwt', signedAnswerType].includes(typ.toLowerCase())) refuse('its typ is not token-introspection+jwt')
  if (kid !== undefined && typeof kid !== 'string') refuse('its kid is no string')
  return { algorithm: alg, keyId: kid }
}

function refuse(detail: string): never {
  throw new Error(`the signed answer is refused: ${detail}`)
}

/** The parser's own words quote the answer, which may quote the token. */
function malformed(): never {
  return refuse('it is no JWT that can be read in one way only')
}
