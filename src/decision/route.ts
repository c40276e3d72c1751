import type { DataClass } from '../model/data-class.js'
import type { Facts } from '../model/facts.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { Task } from '../model/agent-authorization.js'

/** What a server says about one action: its name and the facts that constraints need, or where to get them. */
export interface Route {
  readonly action: string | ((request: unknown) => MaybePromise<unknown>)
  /** Facts that are the same for every request. */
  readonly constants: Facts
  /** Facts that the task's rules need: asked for before any capability is looked at. */
  readonly taskHooks: readonly FactHook[]
  /** The other facts: asked for once the token has a capability for the action. */
  readonly actionHooks: readonly FactHook[]
}

export interface FactHook {
  readonly name: string
  readonly read: (request: unknown, task: Task) => MaybePromise<unknown>
}

const taskFacts: ReadonlySet<string> = new Set(['purposes', 'classification'])

/** Splits what a user wrote into facts that are known now and facts that every request has to be asked for. */
export function compileRoute<Request>(action: string | ((request: Request) => MaybePromise<unknown>), options: RouteOptions<Request>): Route {
  const constants: Record<string, unknown> = {}
  const hooks: FactHook[] = []
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'function') hooks.push({ name, read: value as FactHook['read'] })
    else if (value !== undefined) constants[name] = value
  }
  return {
    action: action as Route['action'],
    constants: Object.freeze(constants),
    taskHooks: hooks.filter(({ name }) => taskFacts.has(name)),
    actionHooks: hooks.filter(({ name }) => !taskFacts.has(name)),
  }
}

/** A route whose facts are all known. */
export function routeOfFacts(action: string, constants: Facts): Route {
  return { action, constants, taskHooks: [], actionHooks: [] }
}

/** A fact that is always the same, or how to read it from a request. `undefined` from a function is a missing fact. */
export type FactOption<Value, Request> = Value | ((request: Request) => MaybePromise<Value | null | undefined>)

/** What a route says about its action. All optional: a constraint that needs a fact nobody supplies denies (CAP-6). */
export interface RouteOptions<Request> {
  /** What the action reaches out to: exactly one absolute http(s) URL (CON-2). The type is open, since it mostly comes from a query or a body. */
  readonly target?: string | URL | ((request: Request) => MaybePromise<unknown>)
  /** Every address that the target's name resolves to (CON-3). */
  readonly addresses?: FactOption<readonly string[], Request>
  /** What `require_approval_threshold` is compared with, in the unit the issuer means (CON-11). */
  readonly amount?: FactOption<number, Request>
  /** How much of each counted thing the request takes, such as `{ emails: 3 }`; integers from 0 (CON-1). */
  readonly quantities?: FactOption<Readonly<Record<string, number>>, Request>
  /** The class of the data that the route touches (TSK-3, CON-9). */
  readonly classification?: FactOption<DataClass, Request>
  /** The purposes that the action is for, or a hook that judges the task (TSK-2). */
  readonly purposes?: readonly string[] | ((request: Request, task: Task) => MaybePromise<readonly string[] | boolean | null | undefined>)
  /** ISO 3166-1 alpha-2 of the place where the action takes effect (CON-8). */
  readonly region?: FactOption<string, Request>
  /** The action needs a human's approval whatever the token says (OVS-1). */
  readonly approval?: 'required'
  /** Supervised agents need a human's approval for the action (OVS-4). */
  readonly critical?: FactOption<boolean, Request>
  /** Only tokens that are bound to a key or a certificate are taken (POP-2). */
  readonly proof?: 'required'
}

/** The names above, as start-up checks them against misspelling. */
export const routeOptionNames = [
  'target', 'addresses', 'amount', 'quantities', 'classification', 'purposes', 'region', 'approval', 'critical', 'proof',
] as const satisfies readonly (keyof RouteOptions<unknown>)[]
