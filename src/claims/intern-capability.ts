import { LRUCache } from 'lru-cache'
import type { Capability } from '../model/agent-authorization.js'
import { deepFreeze } from './deep-freeze.js'

const maxCapabilities = 2_000
const maxCharacters = 4_000_000

/**
 * One object for all capabilities that say the same. The tokens of an operator mostly differ in their ids and not in
 * what they permit, so that most of what a token weighs, and what it costs to compile, is shared.
 */
const known = new LRUCache<string, Capability>({ max: maxCapabilities, maxSize: maxCharacters, sizeCalculation: (_, text) => text.length })

export function internCapability(capability: Capability): Capability {
  const text = JSON.stringify(capability)
  const shared = known.get(text)
  if (shared !== undefined) return shared
  known.set(text, deepFreeze(capability))
  return capability
}
