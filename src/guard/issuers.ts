import { LRUCache } from 'lru-cache'
import type { GuardOptions, IssuerOptions } from './guard-options.js'
import { compileIntrospection, type IntrospectionSurroundings } from './compile-introspection.js'
import { createRemoteKeySet, createStaticKeySet, noKeySet } from '../token/key-set.js'
import { checkNames } from '../decision/did-you-mean.js'
import { describeError } from '../model/describe-error.js'
import { ignoreRejection } from '../model/maybe-promise.js'
import { issuerOptionNames, issuerRevocationNames } from './guard-options.js'
import { parseComparableUrl } from '../matching/comparable-url.js'
import { createIssuerRevocations, type RevocationEvent, type RevocationSource } from '../token/issuer-revocations.js'
import { isJwtLike } from '../token/introspected-tokens.js'
import type { KeySet } from '../token/key-set.js'
import type { Revocations } from '../token/revocations.js'
import type { TrustedIssuer, TrustedIssuers } from '../token/trusted-issuers.js'

const maxTenants = 1_000

interface IssuerSurroundings extends Omit<IntrospectionSurroundings, 'fetch'> {
  readonly revocations: Revocations
  readonly onRevocation: (event: RevocationEvent) => void
}

/**
 * The issuers of the option `issuer`, or of the environment.
 *
 * @throws TypeError where an issuer has no name, no audience or no acceptable place for its keys
 */
export function createTrustedIssuers(options: GuardOptions, environment: NodeJS.ProcessEnv, surroundings: IssuerSurroundings): TrustedIssuers {
  const { issuer = environment.AAP_ISSUER, audience = environment.AAP_AUDIENCE } = options
  if (issuer === undefined || issuer === '') throw new TypeError('option `issuer` is missing: pass it, or set AAP_ISSUER in the environment')
  const trust = (settings: IssuerOptions): TrustedIssuer => createTrustedIssuer(settings, audience, options.fetch, surroundings)
  if (typeof issuer === 'function') return createTenants(issuer, trust)

  const list = (Array.isArray(issuer) ? (issuer as readonly (string | IssuerOptions)[]) : [issuer as string | IssuerOptions]).map((entry) => (typeof entry === 'string' ? { issuer: entry } : entry))
  if (list.length === 0) throw new TypeError('option `issuer` must name at least one issuer')
  const trusted = new Map<string, TrustedIssuer>()
  for (const settings of list) {
    const entry = trust(settings)
    if (trusted.has(entry.issuer)) throw new TypeError(`option \`issuer\` names ${entry.issuer} twice`)
    trusted.set(entry.issuer, entry)
  }
  return {
    named: [...trusted.values()],
    find: (iss) => trusted.get(iss),
    ready: async () => { await Promise.all([...trusted.values()].flatMap(({ keys, revocation }) => (revocation === undefined ? [keys.ready()] : [keys.ready(), revocation.ready()]))) },
    findForOpaque: opaqueFinder([...trusted.values()]),
    close: () => {
      for (const { introspection, revocation } of trusted.values()) {
        introspection?.close()
        revocation?.close()
      }
    },
  }
}

/** Asks for each `iss` every time, so that a tenant can be dropped; its keys are kept while its settings stay the same. */
function createTenants(resolve: (iss: string) => IssuerOptions | undefined, trust: (settings: IssuerOptions) => TrustedIssuer): TrustedIssuers {
  const known = new LRUCache<string, { readonly settings: unknown; readonly fingerprint: string; readonly entry: TrustedIssuer }>({ max: maxTenants, dispose: ({ entry }) => { entry.revocation?.close() } })
  return {
    named: undefined,
    find(iss) {
      const settings: unknown = resolve(iss)
      if (settings === undefined) return undefined
      ignoreRejection(settings)
      if (typeof settings !== 'object' || settings === null || (settings as IssuerOptions).issuer !== iss) {
        throw new TypeError('option `issuer`: the function must answer at once, with undefined or with settings whose `issuer` is the one it was asked for')
      }
      const cached = known.get(iss)
      if (cached?.settings === settings) return cached.entry
      const fingerprint = JSON.stringify(settings)
      if (cached?.fingerprint === fingerprint) return cached.entry
      if ((settings as IssuerOptions).introspection !== undefined) throw new TypeError('option `issuer`: `introspection` is for issuers that are named at start-up')
      const entry = trust(settings as IssuerOptions)
      known.set(iss, { settings, fingerprint, entry })
      return entry
    },
    // A token that is no JWT does not say whose it is.
    findForOpaque: () => undefined,
    ready: () => Promise.resolve(),
    close: () => { known.clear() },
  }
}

type IntrospectingIssuer = NonNullable<ReturnType<TrustedIssuers['findForOpaque']>>

/** @throws TypeError where a token could be of two of them: it is shown to nobody but its issuer */
function opaqueFinder(issuers: readonly TrustedIssuer[]): TrustedIssuers['findForOpaque'] {
  const asked = issuers.filter((issuer): issuer is IntrospectingIssuer => issuer.introspection !== undefined).sort((a, b) => b.introspection.tokenPrefix.length - a.introspection.tokenPrefix.length)
  for (const [i, { issuer, introspection: { tokenPrefix } }] of asked.entries()) {
    const same = asked.slice(i + 1).find(({ introspection }) => introspection.tokenPrefix === tokenPrefix)
    if (same !== undefined) throw new TypeError(`option \`introspection\`: nothing tells opaque tokens of ${issuer} from those of ${same.issuer}: give each a \`tokenPrefix\``)
  }
  if (asked.length === 0) return () => undefined
  return (token) => (isJwtLike(token) ? undefined : asked.find(({ introspection }) => token.startsWith(introspection.tokenPrefix)))
}

function createTrustedIssuer(settings: IssuerOptions, defaultAudience: GuardOptions['audience'], fetch: GuardOptions['fetch'], surroundings: IssuerSurroundings): TrustedIssuer {
  if (typeof settings !== 'object' || (settings as unknown) === null) throw new TypeError('option `issuer` must be a string, an object, a list of these, or a function')
  checkNames('option of an issuer', settings, issuerOptionNames)
  const { issuer, introspection: asked, jwks, jwksUri, claimPrefix, audience = defaultAudience } = settings
  if (typeof issuer !== 'string' || issuer === '') throw new TypeError('option `issuer`: an issuer is a non-empty string')
  if (jwks !== undefined && jwksUri !== undefined) throw new TypeError(`option \`issuer\`: give \`jwks\` or \`jwksUri\` of ${issuer}, not both`)
  if (claimPrefix !== undefined && (typeof claimPrefix !== 'string' || claimPrefix === '')) throw new TypeError('option `issuer`: `claimPrefix` is a non-empty string')
  const isWithoutKeys = asked?.jwts === 'refuse' && asked.signedAnswers !== true
  if (isWithoutKeys && (jwks ?? jwksUri) !== undefined) throw new TypeError(`option \`introspection\` of ${issuer}: \`jwts: 'refuse'\` leaves nothing to verify: leave out \`jwks\` and \`jwksUri\``)
  const { now, warn } = surroundings
  const createKeys = (): KeySet => isWithoutKeys ? noKeySet : jwks !== undefined
    ? createStaticKeySet(jwks)
    : createRemoteKeySet({
        issuer,
        ...(jwksUri !== undefined && { jwksUri }),
        fetch: fetch ?? globalThis.fetch,
        now,
        onProblem: (message) => { warn(`keys of ${issuer}`, message) },
      })
  try {
    const identifiers = audienceOf(audience)
    const keys = createKeys()
    const introspection = asked === undefined ? undefined : compileIntrospection({ issuer, audience: identifiers, keys }, asked, { ...surroundings, fetch: fetch ?? globalThis.fetch })
    return { issuer, audience: identifiers, audienceOrigin: firstOrigin(identifiers), claimPrefix, keys: introspection?.jwts === 'refuse' ? noKeySet : keys, introspection, revocation: createRevocationSource(settings, fetch, surroundings) }
  } catch (error) {
    const message = describeError(error)
    throw message.startsWith('option') ? error : new TypeError(`option \`issuer\`, ${issuer}: ${message}`)
  }
}

function createRevocationSource({ issuer, revocation }: IssuerOptions, fetch: GuardOptions['fetch'], { revocations, onRevocation }: IssuerSurroundings): RevocationSource | undefined {
  if (revocation === undefined) return undefined
  if (typeof revocation !== 'object' || (revocation as unknown) === null) throw new TypeError('revocation must be an object')
  checkNames('member of revocation', revocation, issuerRevocationNames, new Map())
  const { listUrl, eventsUrl, pollSeconds } = revocation
  return createIssuerRevocations({ issuer, listUrl, eventsUrl, pollSeconds, fetch: fetch ?? globalThis.fetch, revocations, onEvent: onRevocation })
}

/** POP-4: of the first identifier that is an http(s) URL. */
function firstOrigin(identifiers: ReadonlySet<string>): string | undefined {
  for (const identifier of identifiers) {
    const url = parseComparableUrl(identifier)
    if (url !== undefined) return url.origin
  }
  return undefined
}

function audienceOf(audience: GuardOptions['audience']): ReadonlySet<string> {
  const identifiers: readonly unknown[] = Array.isArray(audience) ? (audience as readonly unknown[]) : [audience]
  if (identifiers.length === 0 || identifiers[0] === undefined || identifiers[0] === '') throw new TypeError('option `audience` is missing: pass it, or set AAP_AUDIENCE in the environment')
  if (!identifiers.every((identifier) => typeof identifier === 'string' && identifier !== '')) throw new TypeError('option `audience` must be a non-empty string or a list of them')
  return new Set(identifiers as readonly string[])
}
