import { LRUCache } from 'lru-cache'
import { inactiveAnswer, type ActiveAnswer, type IntrospectionAnswer } from './introspection-answer.js'

/** From when until when an answer counts, in epoch milliseconds of this process. */
export interface Lifetime {
  readonly sinceMs: number
  /** Exclusive. */
  readonly untilMs: number
}

interface Entry extends Lifetime {
  readonly answer: ActiveAnswer
}

const maxActive = 20_000
const maxActiveCharacters = 16_000_000
const maxInactive = 20_000
/** A digest of one, and what keeps it. */
const entryCharacters = 200

/**
 * Remembers answers in this process, by digests of issuer and token: at most 20,000 active ones of 16 million characters of
 * JSON together, and 20,000 inactive ones. A flood of inactive tokens pushes no active one out (INT-1).
 */
export class AnswerCache {
  readonly #active = new LRUCache<string, Entry>({ max: maxActive, maxSize: maxActiveCharacters })
  readonly #inactive = new LRUCache<string, Lifetime>({ max: maxInactive })

  get(key: string, nowMs: number): IntrospectionAnswer | undefined {
    const entry = this.#active.get(key)
    if (entry !== undefined && isCurrent(entry, nowMs)) return entry.answer
    if (entry !== undefined) this.#active.delete(key)
    const refused = this.#inactive.get(key)
    return refused !== undefined && isCurrent(refused, nowMs) ? inactiveAnswer : undefined
  }

  /** @param characters of the answer as JSON */
  set(key: string, answer: IntrospectionAnswer, { sinceMs, untilMs }: Lifetime, characters: number): void {
    if (answer.active) {
      this.#inactive.delete(key)
      this.#active.set(key, { answer, sinceMs, untilMs }, { size: characters + entryCharacters })
    } else {
      this.#active.delete(key)
      this.#inactive.set(key, { sinceMs, untilMs })
    }
  }
}

/** Before it was asked for is after a clock stepped back: then nobody knows how old it is. */
function isCurrent({ sinceMs, untilMs }: Lifetime, nowMs: number): boolean {
  return nowMs >= sinceMs && nowMs < untilMs
}
