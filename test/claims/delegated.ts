import { isAttenuationOf, parseClaims, type AgentAuthorization, type Attenuation, type AttenuationOptions } from '../../src/index.js'

export type Claims = Readonly<Record<string, unknown>>

const parentClaims: Claims = {
  agent: { id: 'planner', type: 'llm-autonomous', operator: 'org:example' },
  task: { id: 'task-1', purpose: 'research' },
  capabilities: [{ action: 'a' }],
  delegation: { depth: 0, max_depth: 3, chain: ['planner'] },
}

const childClaims: Claims = {
  ...parentClaims,
  agent: { id: 'searcher', type: 'bot', operator: 'org:other' },
  delegation: { depth: 1, max_depth: 3, chain: ['planner', 'searcher'] },
}

export const parentOf = (claims: Claims = {}): AgentAuthorization => parseClaims({ ...parentClaims, ...claims })
export const childOf = (claims: Claims = {}): AgentAuthorization => parseClaims({ ...childClaims, ...claims })

/** Compares claims that are the ones above but for what is given: `child` to `parent`. */
export function compare(child: Claims, parent: Claims, options?: AttenuationOptions): Attenuation {
  return isAttenuationOf(childOf(child), parentOf(parent), options)
}

/** Compares capabilities for one action by their constraints. */
export function compareConstraints(child: readonly object[], parent: readonly object[], options?: AttenuationOptions): Attenuation {
  const capabilities = (list: readonly object[]) => ({ capabilities: list.map((constraints) => ({ action: 'a', constraints })) })
  return compare(capabilities(child), capabilities(parent), options)
}

/** Each difference in a few words. */
export function saidOf({ differences }: Attenuation): readonly string[] {
  return differences.map(({ path, rule }) => `${path} ${rule}`)
}
