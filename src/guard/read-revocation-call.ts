import type { RevocableKind } from '../claims/revocation-prints.js'
import type { TrustedIssuers } from '../token/trusted-issuers.js'
import { checkNames } from '../decision/did-you-mean.js'
import { longestEntry } from '../token/revocation-entry.js'
import { revocableKinds } from '../claims/revocation-prints.js'

interface RevocationCall {
  readonly kind: RevocableKind
  readonly id: string
  readonly issuer: string
  readonly until: number | undefined
}

const latest = 0xffff_ffff

/**
 * The argument of `guard.revoke`.
 *
 * @throws TypeError or RangeError that says what is wrong with it
 */
export function readRevocationCall(what: unknown, issuers: TrustedIssuers, nowMs: number): RevocationCall {
  if (typeof what !== 'object' || what === null) throw new TypeError('guard.revoke: tell what to revoke, as { token }, { parent }, { agent } or { task }')
  checkNames('member of guard.revoke', what, [...revocableKinds, 'issuer', 'until'], new Map())
  const members = what as Readonly<Record<string, unknown>>
  const named = revocableKinds.filter((kind) => members[kind] !== undefined)
  const [kind] = named
  if (kind === undefined || named.length > 1) throw new TypeError('guard.revoke: give exactly one of token, parent, agent and task')
  const id = members[kind]
  if (typeof id !== 'string' || id === '') throw new TypeError(`guard.revoke: ${kind} must be a non-empty string`)
  if (id.length > longestEntry) throw new RangeError(`guard.revoke: ${kind} has more than ${longestEntry} characters, as no token's has`)
  const { until } = members
  if (until !== undefined && typeof until !== 'number') throw new TypeError('guard.revoke: until must be a number of epoch seconds')
  if (until !== undefined && !(until * 1_000 > nowMs && until <= latest)) throw new RangeError(`guard.revoke: until must be epoch seconds in the future, at most ${latest}`)
  return { kind, id, issuer: issuerOf(members.issuer, issuers), until }
}

function issuerOf(issuer: unknown, { named }: TrustedIssuers): string {
  if (issuer === undefined) {
    const [only] = named ?? []
    if (only === undefined || named?.length !== 1) throw new TypeError('guard.revoke: issuer must say whose it is, since the guard trusts several')
    return only.issuer
  }
  if (typeof issuer !== 'string' || issuer === '') throw new TypeError('guard.revoke: issuer must be a non-empty string')
  if (named !== undefined && !named.some((trusted) => trusted.issuer === issuer)) throw new TypeError(`guard.revoke: the issuer ${issuer} is not trusted here`)
  return issuer
}
