import type { DpopOptions, GuardOptions } from './guard-options.js'
import type { Offer } from './challenge.js'
import type { PossessionRules } from '../token/possession.js'
import type { ResourceMetadata } from './resource-metadata.js'
import type { TrustedIssuers } from '../token/trusted-issuers.js'
import { checkNames } from '../decision/did-you-mean.js'
import { compileBaseUrl, compileResourceMetadata } from './resource-metadata.js'
import { compileMtls } from './compile-mtls.js'
import { describeError } from '../model/describe-error.js'
import { DpopNonces } from '../token/dpop-nonces.js'
import { isStringList } from './is-string-list.js'
import { ProofVerifier } from '../token/dpop-proof.js'
import { readAlgorithms, readInteger } from './read-option.js'
import { TrustedProxies } from '../token/trusted-proxies.js'

/** How possession is shown, and what clients are told of it. */
export interface CompiledPossession {
  readonly rules: PossessionRules
  readonly metadata: ResourceMetadata | undefined
  readonly offer: Offer
  /** Whether a certificate that vouches for itself is one (POP-5). */
  readonly allowsSelfSigned: boolean
  /** Issuers whose tokens no proof can be shown for, because nobody says where this server is (POP-4). */
  readonly withoutOrigin: readonly string[]
}

const defaultProofAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const
const dpopOptionNames = ['algorithms', 'nonceSecret', 'noncePeriod'] as const satisfies readonly (keyof DpopOptions)[]

/** @throws TypeError or RangeError that names the option which is wrong */
export function compilePossession({ profile = 'standard', dpop = true, mtls, baseUrl, trustedProxies = [] }: GuardOptions, issuers: TrustedIssuers): CompiledPossession {
  if (profile !== 'standard' && (profile as unknown) !== 'strict') throw new TypeError("option `profile` must be 'standard' or 'strict'")
  const isStrict = profile === 'strict'
  const proxies = compileProxies(trustedProxies)
  const base = baseUrl === undefined ? undefined : compileBaseUrl(baseUrl)
  const certificates = compileMtls(mtls, !proxies.isEmpty)
  const verifier = compileDpop(dpop)
  if (isStrict && verifier === undefined && certificates === undefined) throw new TypeError("option `profile` is 'strict', and with `dpop` and `mtls` off no token can be bound")

  const rules: PossessionRules = {
    isStrict,
    dpop: verifier,
    mtls: certificates && { header: certificates.header, isProxy: (address) => proxies.has(address) },
    proxies,
    baseOrigin: base?.origin,
  }
  const proofAlgorithms = verifier && [...verifier.algorithms]
  const metadata = base && compileResourceMetadata({
    baseUrl: base,
    issuers: issuers.named?.map(({ issuer }) => issuer),
    dpopAlgorithms: proofAlgorithms,
    isStrict,
    hasMtls: certificates !== undefined,
  })
  return {
    rules,
    metadata,
    offer: { proofAlgorithms: proofAlgorithms?.join(' '), isBoundOnly: isStrict, metadataUrl: metadata?.url },
    allowsSelfSigned: certificates?.allowsSelfSigned === true,
    withoutOrigin: verifier !== undefined && base === undefined && proxies.isEmpty ? (issuers.named ?? []).filter(({ audienceOrigin }) => audienceOrigin === undefined).map(({ issuer }) => issuer) : [],
  }
}

function compileProxies(entries: unknown): TrustedProxies {
  if (!isStringList(entries)) throw new TypeError('option `trustedProxies` must be a list of addresses and ranges')
  try {
    return new TrustedProxies(entries as readonly string[])
  } catch (error) {
    throw new TypeError(`option \`trustedProxies\`: ${describeError(error)}`, { cause: error })
  }
}

function compileDpop(option: unknown): ProofVerifier | undefined {
  if (option === false) return undefined
  const options = option === true ? {} : option
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new TypeError('option `dpop` must be true, false or an object')
  checkNames('option `dpop`:', options, dpopOptionNames)
  const { algorithms = defaultProofAlgorithms, nonceSecret, noncePeriod } = options as DpopOptions
  // Most likely a variable of the environment that is not set: without nonces nothing would tell.
  if ('nonceSecret' in options && nonceSecret === undefined) throw new TypeError('option `dpop`: `nonceSecret` is undefined: leave it out for no nonces')
  if (nonceSecret === undefined && noncePeriod !== undefined) throw new TypeError('option `dpop`: `noncePeriod` needs `nonceSecret`')
  return new ProofVerifier(readAlgorithms('dpop`: `algorithms', algorithms), nonceSecret === undefined ? undefined : compileNonces(nonceSecret, noncePeriod))
}

function compileNonces(secret: unknown, period = 300): DpopNonces {
  if (typeof secret !== 'string' || secret.length < 32) throw new TypeError('option `dpop`: `nonceSecret` must be a string of at least 32 characters')
  return new DpopNonces(secret, readInteger('dpop`: `noncePeriod', period, 10, 3_600) * 1000)
}
