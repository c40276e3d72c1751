import type { DataClass } from './data-class.js'

/**
 * What the server knows about a request and a constraint needs. A fact that is missing denies wherever
 * something depends on it (CAP-6); a fact nobody asks for costs nothing.
 */
export interface KnownFacts {
  /** What the action reaches out to, an absolute http(s) URL (CON-2). */
  readonly target?: string | URL
  /** The addresses that the target's name resolves to (CON-3). */
  readonly addresses?: readonly string[]
  /** What CON-11 compares with `require_approval_threshold`, in the unit the issuer means. */
  readonly amount?: number
  /** How much of each counted thing the request takes (CON-1), such as `{ emails: 3 }`. Integers from 0. */
  readonly quantities?: Readonly<Record<string, number>>
  /** The class of the data that the route touches (TSK-3, CON-9). */
  readonly classification?: DataClass
  /** The purposes that the action is for (TSK-2); `true` or `false` is the verdict of a hook on the task's purpose. */
  readonly purposes?: readonly string[] | boolean
  /** ISO 3166-1 alpha-2 of the place where the action takes effect (CON-8). */
  readonly region?: string
  /** Name of the network zone that the request comes from (CTX-1). */
  readonly zone?: string
  /** ISO 3166-1 alpha-2 of the place that the request comes from (CTX-1). */
  readonly country?: string
  /** `'required'`: the action needs a human's approval whatever the token says (OVS-1). */
  readonly approval?: 'required'
  /** Whether the action is critical: supervised agents need a human's approval for it, and where this is not known too (OVS-4). */
  readonly critical?: boolean
  /** `'required'`: the token has to be bound to a key or a certificate (POP-2). */
  readonly proof?: 'required'
}

/** The facts above, and others for constraints that were registered. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only the constraint that reads a fact knows its type
export type Facts = KnownFacts & Readonly<Record<string, any>>

/** The names above, as the guard checks them against misspelling. */
export const factNames = [
  'target', 'addresses', 'amount', 'quantities', 'classification', 'purposes', 'region', 'zone', 'country', 'approval', 'critical', 'proof',
] as const satisfies readonly (keyof KnownFacts)[]
