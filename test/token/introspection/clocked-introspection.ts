import { createIntrospection, type Introspection, type IntrospectionOptions } from '../../../src/token/introspection.js'
import type { IntrospectionAnswer } from '../../../src/token/introspection-answer.js'
import { startMs, type TokenServer } from './token-server.js'

/** The tiers of one process, whose clock stands still until it is moved. */
export interface ClockedIntrospection {
  readonly introspection: Introspection
  /** As a request of this instant does. */
  readonly find: (token: string, peer?: string) => IntrospectionAnswer | Promise<IntrospectionAnswer>
  /** The same, as what came of it: whether it is active, or why nobody knows. */
  readonly outcome: (token: string, peer?: string) => Promise<string>
  /** Of the last `outcome` that was none. */
  lastFailure: any
  readonly pass: (milliseconds: number) => void
  readonly warnings: string[]
}

export function clockedIntrospection(issuer: TokenServer, options: Partial<IntrospectionOptions> = {}, aheadMs = 0): ClockedIntrospection {
  let nowMs = startMs + aheadMs
  const warnings: string[] = []
  const introspection = createIntrospection({
    issuer: issuer.issuer,
    endpoint: issuer.endpoint({ now: () => nowMs }),
    now: () => nowMs,
    warn: (_cause, message) => warnings.push(message),
    ...options,
  })
  const clocked: ClockedIntrospection = {
    introspection,
    find: (token, peer) => introspection.find(token, nowMs, peer),
    outcome: async (token, peer) => {
      try {
        return (await introspection.find(token, nowMs, peer)).active ? 'active' : 'inactive'
      } catch (error) {
        clocked.lastFailure = error
        return (error as { reason: string }).reason
      }
    },
    lastFailure: undefined,
    pass: (milliseconds) => { nowMs += milliseconds },
    warnings,
  }
  return clocked
}

/** How often each outcome came. */
export function countOf(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
