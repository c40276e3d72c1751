import type { AnswerStore } from '../model/store.js'
import type { Claims } from '../model/claims.js'
import type { Clock } from '../model/clock.js'
import { BackOff } from './back-off.js'
import { withDeadline } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { answerOf, inactiveAnswer, type IntrospectionAnswer } from './introspection-answer.js'
import { parseStrictJson } from './strict-json.js'

export interface SharedAnswersOptions {
  readonly store: AnswerStore
  /** For one look, in milliseconds. */
  readonly timeoutMs: number
  readonly now: Clock
  /** Gets one line for the operator for each look or note that failed. */
  readonly onProblem: (message: string) => void
}

export interface SharedAnswer {
  readonly answer: IntrospectionAnswer
  /** When the issuer was asked, in epoch milliseconds of the process that did. */
  readonly askedAtMs: number
  /** How long the store would still have kept it when it was looked for, in milliseconds. */
  readonly remainingMs: number
  /** Of the text that it was kept as. */
  readonly characters: number
}

/** More than any answer of an issuer becomes as JSON of ours. */
const mostCharacters = 400_000

/**
 * The shared tier. It is a cache: whatever is wrong with it, the issuer is asked. After a failure it is left alone for 1 s,
 * twice as long each time up to 10 s, so that a store that hangs costs its time-out seldom.
 */
export class SharedAnswers {
  readonly #options: SharedAnswersOptions
  readonly #backOff = new BackOff({ longestMs: 10_000 })

  constructor(options: SharedAnswersOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async get(key: string): Promise<SharedAnswer | undefined> {
    return this.#try(async (store) => read(await store.get(key)))
  }

  /** Nobody waits for it. */
  set(key: string, text: string, keepMs: number): void {
    void this.#try((store) => store.set(key, text, keepMs))
  }

  async #try<T>(work: (store: AnswerStore) => Promise<T>): Promise<T | undefined> {
    const { store, timeoutMs, now, onProblem } = this.#options
    if (this.#backOff.remainingMs(now()) > 0) return undefined
    try {
      const done = await withDeadline(timeoutMs, async () => work(store))
      this.#backOff.succeed()
      return done
    } catch (error) {
      this.#backOff.fail(now())
      onProblem(`The shared store failed, and tokens are introspected without it: ${describeFailure(error)}`)
      return undefined
    }
  }
}

/** What an answer is kept as. Another version of ours that keeps it otherwise writes another `v`. */
export function writeAnswer(answer: IntrospectionAnswer, askedAtMs: number): string {
  return JSON.stringify({ v: 1, at: askedAtMs, ...answer })
}

/** Others can write there, too: what is not exactly what we write is no answer. */
function read(found: unknown): SharedAnswer | undefined {
  if (typeof found !== 'object' || found === null) return undefined
  const { value, remainingMs } = found as { readonly value?: unknown; readonly remainingMs?: unknown }
  if (typeof value !== 'string' || value.length > mostCharacters) return undefined
  if (typeof remainingMs !== 'number' || !Number.isFinite(remainingMs)) return undefined
  const entry = parse(value)
  if (entry?.v !== 1 || typeof entry.at !== 'number') return undefined
  const facts = { askedAtMs: entry.at, remainingMs, characters: value.length }
  if (entry.active === false) return { answer: inactiveAnswer, ...facts }
  const { active, members } = entry
  if (active !== true || typeof members !== 'object' || members === null || Array.isArray(members)) return undefined
  const answer = answerOf(members as Claims)
  return answer.active ? { answer, ...facts } : undefined
}

function parse(text: string): Claims | undefined {
  try {
    return parseStrictJson(Buffer.from(text), { allowsNull: true })
  } catch {
    return undefined
  }
}
