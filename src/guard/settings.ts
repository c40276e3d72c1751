import { lookup } from 'node:dns/promises'
import type { DecisionRules } from '../decision/rules.js'
import type { Offer } from './challenge.js'
import type { StoreEvent } from '../decision/store-gate.js'
import type { ResourceMetadata } from './resource-metadata.js'
import type { GuardOptions, Respond } from './guard-options.js'
import { createAuditTrail, jsonLines, type AuditTrail } from '../audit/audit-trail.js'
import { checkNames } from '../decision/did-you-mean.js'
import { CapabilityCompiler } from '../claims/compile-capability.js'
import { compileLegacyScopes } from './compile-legacy-scopes.js'
import { compilePolicy } from './compile-policy.js'
import { compilePossession } from './compile-possession.js'
import { compileRoutes, type RouteTable } from './route-table.js'
import { createRegistry } from '../constraints/registry.js'
import { createTrustedIssuers } from './issuers.js'
import { defaultAlgorithms } from '../token/algorithms.js'
import { FailureLimit } from '../token/failure-limit.js'
import { isCountable } from '../constraints/quota.js'
import { isStringList } from './is-string-list.js'
import { laterOptions, optionNames } from './guard-options.js'
import { compileStore } from './compile-store.js'
import { OperatorLog } from './operator-log.js'
import { readAlgorithms, readInteger } from './read-option.js'
import type { RevocationEvent } from '../token/issuer-revocations.js'
import { Revocations } from '../token/revocations.js'
import { shareRevocations } from '../token/shared-revocations.js'
import { timestampOf } from '../audit/timestamp-of.js'
import { TaskBindings } from '../decision/task-bindings.js'
import { TokenCache } from '../token/token-cache.js'

/** A guard's options, checked and compiled, frozen. */
export interface Settings {
  readonly rules: DecisionRules
  readonly trail: AuditTrail
  readonly log: OperatorLog
  readonly routes: RouteTable | undefined
  readonly respond: Respond | undefined
  /** What the server says of itself (RFC 9728), where it knows its URL. */
  readonly metadata: ResourceMetadata | undefined
  /** What challenges offer where the route demands no more (TRN-4). */
  readonly offer: Offer
  /** Leaves a record of something that was revoked, or of a source that fails (REV-1). */
  readonly tellRevocation: (event: RevocationEvent) => void
  /** Whether a client certificate that vouches for itself is one (POP-5). */
  readonly allowsSelfSigned: boolean
}

/** @throws TypeError or RangeError that names the option which is wrong */
export function freezeSettings(options: GuardOptions, environment: NodeJS.ProcessEnv): Settings {
  if (typeof options !== 'object' || (options as unknown) === null) throw new TypeError('the options of a guard are an object')
  checkNames('option', options, optionNames, laterOptions)
  for (const [name, value] of Object.entries(options)) if (value === null) throw new TypeError(`option \`${name}\` is null: leave it out for its default`)
  const { logger = console, now = Date.now, routes, respond, countedPerRequest = ['drafts'], constraints = [], failedValidationsPerMinute } = options

  check('logger', logger, isLogger, 'an object with the methods info, warn and error')
  for (const name of ['now', 'facts', 'fetch', 'respond'] as const) check(name, options[name] ?? Date.now, isFunction, 'a function')
  check('tokenType', options.tokenType ?? 'any', (type) => type === 'any' || type === 'at+jwt', "'any' or 'at+jwt'")
  check('constraints', constraints, Array.isArray, 'a list made with defineConstraint')
  check('countedPerRequest', countedPerRequest, (things) => isStringList(things) && countedPerRequest.every(isCountable), 'a list of things that can stand in `max_<thing>_per_<unit>` (CON-1)')
  check('resolveTargets', options.resolveTargets ?? true, (value) => value === true || isFunction(value), 'true or a function')

  const log = new OperatorLog(logger)
  const trail = createAuditTrail(sinksOf(options.audit), log.warn)
  const toleranceSeconds = readInteger('clockTolerance', options.clockTolerance ?? 60, 0, 300)
  const maxRevocations = readInteger('maxRevocations', options.maxRevocations ?? 1_000_000, 1, 10_000_000)
  const revocations = new Revocations({ maxEntries: maxRevocations, toleranceSeconds, now: finiteClock(now), warn: log.warn })
  const tellRevocation = (event: RevocationEvent): void => {
    const { issuer, detail } = event
    if (event.event !== 'revoked') log.warn(`${event.event} ${issuer ?? ''}`, `Revocations: ${detail}`)
    trail.write({ kind: 'event', time: timestampOf(Date.now()), ...event })
  }
  const registry = createRegistry({ registered: constraints, countedPerRequest: new Set(countedPerRequest) })
  const algorithms = readAlgorithms('algorithms', options.algorithms ?? defaultAlgorithms)
  const issuers = createTrustedIssuers(options, environment, { now, algorithms, toleranceSeconds, warn: log.warn, registry, answers: options.store?.answers, storeTimeoutMs: options.storeTimeoutMs, revocations, onRevocation: tellRevocation })
  const possession = compilePossession(options, issuers)
  const canBind = possession.rules.dpop !== undefined || possession.rules.mtls !== undefined
  for (const issuer of possession.withoutOrigin) log.warn(`no origin ${issuer}`, `Every DPoP proof with a token of ${issuer} will be refused, since nothing says where this server is: set the option \`baseUrl\`, or \`dpop: false\` (POP-4)`)
  const tellEvent = ({ event, store, detail }: StoreEvent): void => {
    log.warn(`${event} ${store}`, event === 'store_failed' ? `The store ${store} fails: ${detail}` : `The store ${store} has recovered`)
    trail.write({ kind: 'event', time: timestampOf(Date.now()), event, store, detail })
  }
  const state = compileStore(options, { possession: possession.rules, issuers, log, onEvent: tellEvent })
  const rules: DecisionRules = {
    verification: {
      issuers,
      algorithms,
      tokenType: options.tokenType ?? 'any',
      toleranceMs: toleranceSeconds * 1000,
      legacyScopes: compileLegacyScopes(options.legacyScopes, registry),
      compiler: new CapabilityCompiler(registry, compilePolicy(options.policy, registry)),
    },
    tokens: new TokenCache(),
    possession: Object.freeze(possession.rules),
    failures: failedValidationsPerMinute === undefined ? undefined : new FailureLimit(readInteger('failedValidationsPerMinute', failedValidationsPerMinute, 1, Number.MAX_SAFE_INTEGER)),
    state,
    tasks: new TaskBindings(state),
    revocations,
    sharedRevocations: shareRevocations(state.store, { revocations, mostKept: maxRevocations, isRequired: (options.onStoreFailure ?? 'deny') === 'deny', timeoutMs: state.timeoutMs, onLate: () => { state.noteLate('it has not said in time what was revoked') }, onEvent: tellRevocation }),
    hookTimeoutMs: readInteger('hookTimeoutMs', options.hookTimeoutMs ?? 2_000, 1, 60_000),
    hasRegisteredConstraints: constraints.length > 0,
    facts: options.facts,
    resolveTargets: options.resolveTargets === true ? resolveByDns : options.resolveTargets,
    now: finiteClock(now),
    warn: log.warn,
  }
  return Object.freeze({
    rules: Object.freeze(rules),
    trail,
    log,
    routes: routes === undefined ? undefined : compileRoutes(routes, canBind),
    respond,
    metadata: possession.metadata,
    offer: Object.freeze(possession.offer),
    tellRevocation,
    allowsSelfSigned: possession.allowsSelfSigned,
  })
}

function check(name: string, value: unknown, isValid: (value: unknown) => boolean, expected: string): void {
  if (!isValid(value)) throw new TypeError(`option \`${name}\` must be ${expected}`)
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function isLogger(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ['info', 'warn', 'error'].every((method) => isFunction((value as Record<string, unknown>)[method]))
}

function sinksOf(audit: GuardOptions['audit'] = jsonLines(process.stdout)): Parameters<typeof createAuditTrail>[0] {
  const sinks = Array.isArray(audit) ? (audit as Parameters<typeof createAuditTrail>[0]) : [audit as Parameters<typeof createAuditTrail>[0][number]]
  for (const sink of sinks as readonly unknown[]) {
    const methods = (typeof sink === 'object' && sink !== null ? sink : {}) as { write?: unknown; info?: unknown }
    if (!isFunction(methods.write) && !isFunction(methods.info)) throw new TypeError('option `audit` must be a sink { write(record) }, a logger with info(record, message), or a list of them')
  }
  return sinks
}

/** A clock that gives no number would make every comparison false: it denies instead. */
function finiteClock(now: () => number): () => number {
  return () => {
    const nowMs = now()
    if (!Number.isFinite(nowMs)) throw new TypeError('option `now` gave no finite number')
    return nowMs
  }
}

/** A name that does not resolve has no addresses: a missing fact, and no failure of ours. */
async function resolveByDns(host: string): Promise<readonly string[] | undefined> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    return undefined
  }
}
