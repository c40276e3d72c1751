import type { Denial } from '../model/denial.js'
import type { TokenIdentity } from '../claims/compile-authorization.js'

/** Thrown by the steps that turn bytes into a verified token; the decision turns it into an answer. */
export class TokenRefused extends Error {
  readonly denial: Denial
  /** Set once the signature was verified: before that, nothing the token says is worth recording. */
  readonly token: TokenIdentity | undefined

  constructor(denial: Denial, token?: TokenIdentity) {
    super(denial.detail)
    this.denial = denial
    this.token = token
  }
}

/** @throws TokenRefused always, with 401 `invalid_token` */
export function refuseToken(rule: string, detail: string): never {
  throw new TokenRefused({ code: 'invalid_token', rule, detail })
}
