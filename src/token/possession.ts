import type { CertificateRules } from './client-certificate.js'
import { isBound, type Confirmation } from './confirmation.js'
import type { Credentials } from './credentials.js'
import type { Denial } from '../model/denial.js'
import type { Forwarded } from './forwarded.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { ProofVerifier, VerifiedProof } from './dpop-proof.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { TrustedProxies } from './trusted-proxies.js'
import { comparablePath } from '../matching/comparable-url.js'
import { headerValues } from './headers.js'
import { pathWithoutFragment } from '../matching/path-without-fragment.js'
import { checkHeaderOnce, readClientCertificate } from './client-certificate.js'

/** How possession is shown to this server. */
export interface PossessionRules {
  /** Every token has to be bound (POP-2). */
  readonly isStrict: boolean
  /** Absent where DPoP is off: tokens that need it are refused. */
  readonly dpop: ProofVerifier | undefined
  /** Absent where mutual TLS is off: tokens that need it are refused. */
  readonly mtls: CertificateRules | undefined
  readonly proxies: TrustedProxies
  /** Origin of the option `baseUrl`. */
  readonly baseOrigin: string | undefined
}

/** A token that came with a request, verified, and what else is known about the request. */
export interface Shown {
  readonly credentials: Credentials
  readonly confirmation: Confirmation
  readonly request: ResourceRequest
  readonly forwarded: Forwarded
  /** Of the first audience of the token's issuer that is a URL. */
  readonly audienceOrigin: string | undefined
  readonly nowMs: number
}

/**
 * Whether whoever sent the token holds what it is bound to. Synchronous unless there is a proof to verify.
 *
 * @returns the proof, where there is one: it still has to be shown for the first time
 * @see POP-1, POP-2, POP-5, POP-6
 */
export function checkPossession(shown: Shown, rules: PossessionRules): MaybePromise<VerifiedProof | Denial | undefined> {
  const { credentials: { scheme }, confirmation, request } = shown
  const { mtls } = rules
  const { keyThumbprint, certificateThumbprint } = confirmation
  const needed = keyThumbprint === undefined ? 'bearer' : 'dpop'
  if (scheme !== needed) return invalidToken('POP-1', needed === 'dpop' ? 'a token that is bound to a key was sent with the scheme Bearer' : 'a token that is not bound to a key was sent with the scheme DPoP')
  if (rules.isStrict && !isBound(confirmation)) return invalidToken('POP-2', 'the token is not bound, and the profile is strict')
  const denial = certificateThumbprint === undefined ? mtls && checkHeaderOnce(request, mtls) : checkCertificate(certificateThumbprint, request, mtls)
  return denial ?? (keyThumbprint === undefined ? undefined : checkProof(keyThumbprint, shown, rules))
}

/** POP-5; RFC 8705 section 3. */
function checkCertificate(thumbprint: string, request: ResourceRequest, mtls: CertificateRules | undefined): Denial | undefined {
  if (mtls === undefined) return invalidToken('POP-5', 'the token is bound to a certificate, and mutual TLS is off')
  const shown = readClientCertificate(request, mtls)
  if ('code' in shown) return shown
  if (shown.thumbprint === undefined) return invalidToken('POP-5', `the token is bound to a certificate, and none was shown${shown.why === undefined ? '' : `: ${shown.why}`}`)
  return shown.thumbprint === thumbprint ? undefined : invalidToken('POP-5', 'the token is bound to another certificate')
}

/** POP-3, POP-4. */
function checkProof(thumbprint: string, { credentials: { token }, request, forwarded, audienceOrigin, nowMs }: Shown, { dpop, baseOrigin }: PossessionRules): MaybePromise<VerifiedProof | Denial> {
  if (dpop === undefined) return invalidToken('POP-1', 'the token is bound to a key, and DPoP is off')
  const origin = baseOrigin ?? forwarded.origin ?? audienceOrigin
  const path = comparablePath(pathWithoutFragment(request.url))
  const url = origin === undefined || path === undefined ? undefined : { origin, path }
  return dpop.verify(headerValues(request, 'dpop'), { method: request.method, url, token, thumbprint, nowMs })
}

function invalidToken(rule: string, detail: string): Denial {
  return { code: 'invalid_token', rule, detail }
}
