import { authorize, type Ruling } from '../../src/decision/authorize.js'
import { CapabilityCompiler } from '../../src/claims/compile-capability.js'
import { compileAuthorization } from '../../src/claims/compile-authorization.js'
import type { ConstraintDefinition } from '../../src/constraints/constraint-definition.js'
import { compilePolicy } from '../../src/guard/compile-policy.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { routeOfFacts, type Route } from '../../src/decision/route.js'
import { statedFacts } from '../../src/decision/stated-facts.js'
import type { DecisionRules } from '../../src/decision/rules.js'
import { memoryStore } from '../../src/state/memory-store.js'
import type { Policy } from '../../src/model/wire-policy.js'
import type { MaybePromise } from '../../src/model/maybe-promise.js'
import { parseAuthorization, type ParsedAuthorization } from '../../src/claims/parse-authorization.js'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { Revocations } from '../../src/token/revocations.js'
import { StoreGate, type StoreGateSettings } from '../../src/decision/store-gate.js'
import { TaskBindings } from '../../src/decision/task-bindings.js'
import { TokenCache } from '../../src/token/token-cache.js'
import { TrustedProxies } from '../../src/token/trusted-proxies.js'
import type { VerifiedToken } from '../../src/token/verify-token.js'

/** Where the clock of these tests stands: inside of every window. */
export const nowMs = Date.UTC(2025, 0, 1, 10, 30)

export interface Setting {
  /** What the token says, beside an agent, a task and these capabilities. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly capabilities?: readonly object[]
  readonly registered?: readonly ConstraintDefinition[]
  readonly policy?: Policy
  readonly rules?: Partial<DecisionRules> & Partial<Omit<StoreGateSettings, 'onEvent'>>
}

export interface Deciding {
  /** Decides `action` with facts that are known. */
  readonly decide: (action?: string, facts?: Readonly<Record<string, unknown>>, more?: Partial<Parameters<typeof authorize>[0]>) => MaybePromise<Ruling>
  /** Decides by a route with hooks. */
  readonly decideRoute: (route: Route, more?: Partial<Parameters<typeof authorize>[0]>) => MaybePromise<Ruling>
  readonly rules: DecisionRules
  readonly warnings: string[]
}

/** Nothing here looks a token up, and a cache is costly to make. */
const tokens = new TokenCache()

export const request: ResourceRequest = { method: 'GET', url: '/', headers: {} }

/** A token that was verified, and a server to decide by it: everything behind authentication. */
export function deciding({ claims = {}, capabilities = [{ action: 'a' }], registered = [], policy, rules: { store = memoryStore({ now: () => nowMs }), timeoutMs = 250, share, ...given } = {} }: Setting = {}): Deciding {
  const registry = createRegistry({ registered, countedPerRequest: new Set(['drafts']) })
  const compiler = new CapabilityCompiler(registry, compilePolicy(policy, registry))
  const payload = { aap_agent: { id: 'a', type: 't', operator: 'o' }, aap_task: { id: 't', purpose: 'p' }, aap_capabilities: capabilities, ...claims }
  const compiled = compileAuthorization(parseAuthorization(payload, undefined) as ParsedAuthorization, { issuer: 'i', id: 'j' }, 's', compiler)
  const verified = { compiled, confirmation: {} } as VerifiedToken
  const warnings: string[] = []
  const state = new StoreGate({ store, timeoutMs, share, onEvent: ({ event, detail }) => { warnings.push(`${event}: ${detail}`) } })
  const rules: DecisionRules = {
    verification: { issuers: { named: [], find: () => undefined, ready: async () => undefined, findForOpaque: () => undefined, close: () => undefined }, algorithms: new Set(), tokenType: 'any', toleranceMs: 60_000, compiler },
    tokens,
    possession: { isStrict: false, dpop: undefined, mtls: undefined, proxies: new TrustedProxies([]), baseOrigin: undefined },
    failures: undefined,
    state,
    tasks: new TaskBindings(state),
    revocations: new Revocations({ toleranceSeconds: 60, now: () => nowMs, warn: (_, message) => { warnings.push(message) } }),
    sharedRevocations: undefined,
    hookTimeoutMs: 2_000,
    hasRegisteredConstraints: registered.length > 0,
    facts: undefined,
    resolveTargets: undefined,
    now: () => nowMs,
    warn: (_, message) => { warnings.push(message) },
    ...given,
  }
  const decideRoute: Deciding['decideRoute'] = (route, more) => authorize({ verified, route, request, hookRequest: request, commonFacts: {}, nowMs, admittedBy: () => undefined, forwarded: {}, proof: undefined, ...more }, rules)
  return { decideRoute, decide: (action = 'a', facts = {}, more = {}) => decideRoute(routeOfFacts(action, statedFacts('test', facts, true)), more), rules, warnings }
}

/** What a ruling comes to: the position of the capability, or code and rule of the denial. */
export function outcomeOf(ruling: MaybePromise<Ruling>): string {
  if (ruling instanceof Promise) throw new Error('the ruling is not there yet')
  const { denial, capability } = ruling
  return denial === undefined ? `allow ${capability?.index}` : `${denial.code} ${denial.rule}`
}
