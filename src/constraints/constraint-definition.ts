import type { BodyLimits } from '../model/body-limits.js'
import type { QuotaWindow } from '../model/store.js'
import { pass, type ConstraintErrorCode, type Refusal, type Verdict } from '../model/verdict.js'
import { errorCodes } from '../model/error-codes.js'
import type { KnownFacts } from '../model/facts.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { Target } from '../matching/target.js'
import { isPlainObject, refuseUnknownMembers } from '../model/plain-object.js'

/**
 * One kind of constraint: ours and a user's have this same interface (CAP-5). The registry compiles the value of
 * each constraint once a token; the result is evaluated at every request.
 *
 * @typeParam Value what the token holds under the name. It comes from the token: check its type.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the value is whatever the issuer wrote
export interface ConstraintDefinition<Value = any> {
  /** Wire name in `constraints`, as in `max_drafts`. */
  readonly name: string
  /** Id that audit records give as the reason. Default: `CAP-5`. */
  readonly rule?: string
  /**
   * Turns the value into a check. Tokens that say the same share the result: keep no state in it. A value that it throws on does not compile, and the capability cannot hold
   * (TOK-10): `aap_constraint_violation`.
   */
  compile(value: Value, context: ConstraintContext): CompiledConstraint
  /**
   * Whether the child's value admits nothing that the parent's does not (DEL-5); asked for values that compile. An
   * exception, or any other answer than `true`, says that it may be looser. Without it only an equal value is not.
   */
  isNoLooser?(child: Value, parent: Value): boolean
}

export const definitionMembers = ['name', 'rule', 'compile', 'isNoLooser'] as const satisfies readonly (keyof ConstraintDefinition)[]

/** What a constraint may know about its surroundings when it is compiled. */
export interface ConstraintContext {
  /** The action of the capability. */
  readonly action: string
  /** Delegation depth of the token, 0 where it has no delegation claim. */
  readonly delegationDepth: number
}

/** A check, or something that only the whole decision can settle: a quota, the need for an approval, a limit on a body. */
export type CompiledConstraint = ConstraintCheck | QuotaRequirement | ApprovalRequirement | BodyLimit

/**
 * Says whether the constraint holds for one request. Returns `pass` or `deny(…)`, or a promise of it; anything else,
 * an exception, or no answer within `hookTimeoutMs` denies with 500 (ERR-2).
 */
export type ConstraintCheck = (facts: ConstraintFacts) => MaybePromise<Verdict>

/** CON-1: so many of something in a window. */
export interface QuotaRequirement {
  readonly kind: 'quota'
  readonly window: QuotaWindow
  readonly limit: number
  /** How much the request takes; `undefined` where the route did not say (CAP-6). */
  readonly quantity: (facts: ConstraintFacts) => number | undefined
  /** Whether `quantity` is 1 whatever the facts. */
  readonly countsRequests: boolean
}

/** CON-11: whether the request needs an approval. */
export interface ApprovalRequirement {
  readonly kind: 'approval'
  readonly isNeeded: (facts: ConstraintFacts) => boolean
}

/**
 * CON-6, CON-7: a check when the request is decided, and a limit in bytes that whoever carries the body enforces while it
 * streams. Where several constraints limit one body the lowest holds. Nobody enforces a limit unless the facts say so: the
 * check denies where `bodyBytes` is not known, or `limitsResponse` is false.
 */
export interface BodyLimit extends BodyLimits {
  readonly kind: 'body-limit'
  readonly check: ConstraintCheck
}

/** The facts of one request, as constraints see them. */
export interface ConstraintFacts extends Omit<KnownFacts, 'target'> {
  /** The target after CON-2's checks of its form; `undefined` where there is none or it is not acceptable. */
  readonly target: Target | undefined
  /** Whether the route gave a target at all, acceptable or not. */
  readonly isTargetGiven: boolean
  /** The real request method. */
  readonly method: string
  /** Whether the request came over TLS; `undefined` where nobody can say. */
  readonly encrypted: boolean | undefined
  /** Bytes of the request body on the wire, announced or received so far; `undefined` where nobody knows. Known where a constraint limits the body. */
  readonly bodyBytes: number | undefined
  /** Whether whoever sends the response enforces the limit of the decision. */
  readonly limitsResponse: boolean
  /** Time of the decision in epoch milliseconds. */
  readonly nowMs: number
  /** Facts of registered constraints. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- only the constraint that reads a fact knows its type
  readonly [name: string]: any
}

/**
 * Registers nothing by itself: gives a constraint its types. Pass the result in the option `constraints`.
 *
 * @throws TypeError for a member that a definition does not have
 * @example
 * defineConstraint({
 *   name: 'max_drafts',
 *   compile: (value) => (facts) => facts.drafts < value ? pass : deny('aap_constraint_violation', 'too many drafts'),
 * })
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as for ConstraintDefinition
export function defineConstraint<Value = any>(definition: ConstraintDefinition<Value>): ConstraintDefinition<Value> {
  if (!isPlainObject(definition)) throw new TypeError('defineConstraint: a definition is a plain object')
  refuseUnknownMembers('defineConstraint', definition, definitionMembers)
  return Object.freeze({ ...definition })
}

/**
 * The answer of a check that does not hold.
 *
 * @param code what the caller is told; one of the 403 codes of SPEC section 10, or `request_too_large`
 * @param detail what exactly did not hold. Goes to the audit record, never to the caller
 * @throws TypeError if `code` is not such a code
 */
export function deny(code: ConstraintErrorCode, detail: string): Refusal {
  if (!isConstraintErrorCode(code)) throw new TypeError(`deny: ${JSON.stringify(code)} is not a code that a constraint may answer with`)
  return { outcome: 'deny', code, detail }
}

/**
 * The answer of a constraint whose fact nobody supplied (CAP-6). The operator is told which route must supply what.
 *
 * @param fact name of the route option
 */
export function denyMissing(code: ConstraintErrorCode, fact: string): Refusal {
  return { ...deny(code, `the route must supply \`${fact}\``), missingFact: fact }
}

/** Whether an answer is one that a check may give: `pass` itself, or what `deny` makes. */
export function isVerdict(answer: unknown): answer is Verdict {
  if (answer === pass) return true
  if (typeof answer !== 'object' || answer === null) return false
  const { outcome, code, detail } = answer as Partial<Refusal>
  return outcome === 'deny' && isConstraintErrorCode(code) && typeof detail === 'string'
}

function isConstraintErrorCode(code: unknown): code is ConstraintErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code) && (code.startsWith('aap_') || code === 'request_too_large')
}
