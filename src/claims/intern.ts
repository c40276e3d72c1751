import { LRUCache } from 'lru-cache'
import type { Agent, Capability, Oversight } from '../model/agent-authorization.js'
import { deepFreeze } from './deep-freeze.js'

const maxValues = 4_000
const maxCharacters = 4_000_000

const known = new LRUCache<string, object>({ max: maxValues, maxSize: maxCharacters, sizeCalculation: (_, text) => text.length })

/**
 * One object for all values that say the same, deeply frozen. The tokens of an operator mostly differ in their ids and
 * tasks, so that most of what a token weighs, and what it costs to compile, is shared.
 */
function intern<T extends object>(kind: string, value: T): T {
  const text = `${kind} ${JSON.stringify(value)}`
  const shared = known.get(text)
  // The kind is in the text.
  if (shared !== undefined) return shared as T
  known.set(text, deepFreeze(value))
  return value
}

export function internAgent(agent: Agent): Agent {
  return intern('agent', agent)
}

export function internCapability(capability: Capability): Capability {
  return intern('capability', capability)
}

export function internOversight(oversight: Oversight): Oversight {
  return intern('oversight', oversight)
}
