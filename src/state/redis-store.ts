import { hash } from 'node:crypto'
import { inspect } from 'node:util'
import type { Admission, AdmissionVerdict, AnswerStore, QuotaCharge, QuotaWindow, RevocationFeed, StateStore, StoredAnswer } from '../model/store.js'
import type { Clock } from '../model/clock.js'
import { admissionScript } from './admission-script.js'
import { getAnswerText, setAnswerText } from './answer-scripts.js'
import { RedisRevocations } from './redis-revocations.js'
import { runWhenReady, scriptOf } from './redis-script.js'
import { scriptClientOf, type IoRedisClient, type NodeRedisClient, type ScriptClient } from './redis-client.js'

export type { IoRedisClient, NodeRedisClient } from './redis-client.js'

export interface RedisStoreOptions {
  /**
   * What all keys begin with: 1 to 64 of letters, digits, `:`, `.`, `_`, `-` and `/`. Servers that are to count together
   * have the same. Default `aap:`.
   */
  readonly prefix?: string
  /**
   * Epoch milliseconds in place of the clock of the Redis server, for tests only: processes whose clocks differ count
   * differently (QTA-3). Keys live for an hour longer.
   */
  readonly now?: Clock
}

const windowLetter = { second: 's', minute: 'm', hour: 'h', day: 'd' } as const satisfies Record<QuotaWindow, string>

const longestWaitMs = 86_400_000

const noAlternative: AdmissionVerdict = Object.freeze({ outcome: 'admitted', alternative: -1 })
const firstAlternative: AdmissionVerdict = Object.freeze({ outcome: 'admitted', alternative: 0 })
const spent: AdmissionVerdict = Object.freeze({ outcome: 'spent' })
const replayed: AdmissionVerdict = Object.freeze({ outcome: 'replayed' })

/**
 * Counts in Redis 6.2 or later, or Valkey, for all processes that share it (QTA-4). An admission is one script and one
 * round trip, on the server's clock, with all keys in one hash slot; every key has an expiry (QTA-7). The client stays
 * yours: connect it, listen to its errors and close it.
 *
 * `admit` rejects where Redis refuses, cannot be reached or answers something else, and sends nothing twice (QTA-6).
 *
 * @param client of the package `redis` or `ioredis`, for a single server or a Cluster
 * @throws TypeError for another client, an option that is not known, or a `prefix` or `now` of another type
 * @throws RangeError if `prefix` has another form
 */
export function redisStore(client: NodeRedisClient | IoRedisClient, options: RedisStoreOptions = {}): StateStore {
  return new RedisStore(scriptClientOf(client), options)
}

class RedisStore implements StateStore {
  readonly name = 'redis'
  readonly answers: AnswerStore
  readonly revocations: RevocationFeed
  readonly #client: ScriptClient
  readonly #prefix: string
  readonly #now: Clock | undefined

  constructor(client: ScriptClient, options: RedisStoreOptions) {
    const { prefix = 'aap:', now, ...others } = options
    const [unknown] = Object.keys(others)
    if (unknown !== undefined) throw new TypeError(`redisStore: unknown option ${unknown}; there are prefix and now`)
    if (typeof prefix !== 'string') throw new TypeError('redisStore: prefix must be a string')
    if (!/^[A-Za-z0-9:._/-]{1,64}$/.test(prefix)) throw new RangeError('redisStore: prefix must be 1 to 64 of letters, digits, ":", ".", "_", "-" and "/"')
    if (now !== undefined && typeof now !== 'function') throw new TypeError('redisStore: now must be a function')
    this.#client = client
    this.#prefix = prefix
    this.#now = now
    this.answers = new RedisAnswers(client, prefix)
    this.revocations = new RedisRevocations(client, prefix)
  }

  async admit(admission: Admission): Promise<AdmissionVerdict> {
    const { keys, args } = this.#inputOf(admission)
    return verdictOf(await runWhenReady(this.#client, script, keys, args), admission)
  }

  #inputOf({ scope, proof, budget, alternatives, chargeOnly }: Admission): { readonly keys: readonly string[]; readonly args: readonly string[] } {
    const keys: string[] = []
    const slot = `${this.#prefix}{${keyPart(scope)}}:`
    const keepMs = proof === undefined ? '' : integerText(proof.keepMs, 1, 'keepMs')
    if (proof !== undefined) keys.push(`${slot}p:${keyPart(proof.key)}`)
    if (budget !== undefined) keys.push(`${slot}b:${keyPart(budget.key)}`)
    const args = [this.#instant(), keepMs, ...(budget === undefined ? ['', ''] : [integerText(budget.most, 0, 'budget'), integerText(budget.keepMs, 1, 'keepMs')])]
    addCharges(chargeOnly ?? [], slot, keys, args)
    for (const { quotas } of alternatives) addCharges(quotas, slot, keys, args)
    return { keys, args }
  }

  #instant(): string {
    if (this.#now === undefined) return ''
    const nowMs = this.#now()
    if (!Number.isFinite(nowMs)) throw new TypeError('the clock gives no finite number')
    return String(Math.floor(nowMs))
  }
}

/** Each answer is one string with an expiry, in a slot of its own (QTA-7). */
class RedisAnswers implements AnswerStore {
  readonly #client: ScriptClient
  readonly #prefix: string

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client
    this.#prefix = prefix
  }

  async get(key: string): Promise<StoredAnswer | undefined> {
    const reply = await runWhenReady(this.#client, getAnswerScript, [this.#keyOf(key)], [])
    if (reply === null) return undefined
    const text = Buffer.isBuffer(reply) ? reply.toString('utf8') : reply
    const life = typeof text === 'string' ? /^\d{1,9}(?=:)/.exec(text)?.[0] : undefined
    if (life === undefined) throw new Error('Redis answered something else than an answer that expires')
    return { value: (text as string).slice(life.length + 1), remainingMs: Number(life) }
  }

  async set(key: string, value: string, keepMs: number): Promise<void> {
    const reply = await runWhenReady(this.#client, setAnswerScript, [this.#keyOf(key)], [value, integerText(keepMs, 1, 'keepMs')])
    if (String(reply) !== 'set') throw new Error('the connection to Redis was lost before it answered')
  }

  #keyOf(key: string): string {
    return `${this.#prefix}i:${keyPart(key)}`
  }
}

const script = scriptOf(admissionScript)
const getAnswerScript = scriptOf(getAnswerText)
const setAnswerScript = scriptOf(setAnswerText)

/** As the script reads them: charges of one key in a row are a group. */
function addCharges(charges: readonly QuotaCharge[], slot: string, keys: string[], args: string[]): void {
  const place = args.push('0') - 1
  let groups = 0
  for (let start = 0; start < charges.length; groups++) {
    const { key } = charges[start] as QuotaCharge
    const group = keyPart(key)
    let end = start + 1
    while (charges[end]?.key === key) end++
    keys.push(`${slot}c:${group}`)
    args.push(String(end - start))
    for (const { name, window, limit, quantity } of charges.slice(start, end)) {
      const letter = Object.hasOwn(windowLetter, window) ? windowLetter[window] : undefined
      if (letter === undefined) throw new TypeError('an admission has an unknown window')
      const counter = keyPart(name)
      if (letter === 's' || letter === 'm') keys.push(`${slot}${letter}:${group}:${counter}`)
      args.push(letter + counter, integerText(limit, 0, 'limit'), integerText(quantity, 0, 'quantity'))
    }
    start = end
  }
  args[place] = String(groups)
}

/** Digests stand as they are. Another text stands by its digest, behind a sign that no digest has, so that none can be taken for another. */
function keyPart(text: string): string {
  if (typeof text !== 'string') throw new TypeError('an admission has a key or a name that is no string')
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text
  // UTF-16, since UTF-8 would write every lone surrogate as the same replacement character.
  return `~${hash('sha256', Buffer.from(text, 'utf16le'), 'base64url')}`
}

function integerText(value: number, least: number, name: string): string {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`an admission has a ${name} that is no integer from ${least} to 2^53 - 1`)
  return String(value)
}

/** Nothing is admitted but by an answer that this admission can have. Clients can be told to give texts as bytes. */
function verdictOf(reply: unknown, { alternatives: { length: alternativeCount }, budget }: Admission): AdmissionVerdict {
  const answer = Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
  if (typeof answer === 'string') {
    if (answer === 'admitted:0' && alternativeCount > 0 && budget === undefined) return firstAlternative
    if (answer === 'admitted:-1' && alternativeCount === 0) return noAlternative
    if (answer === 'replayed') return replayed
    if (answer === 'late') throw new Error('the connection to Redis was lost before it answered')
    if (answer === 'spent' && alternativeCount > 0 && budget !== undefined) return spent
    const [, outcome, digits, left] = /^(admitted|full):(\d{1,9})(?::(\d{1,16}))?$/.exec(answer) ?? []
    const number = Number(digits)
    if ((left !== undefined) !== (outcome === 'admitted' && budget !== undefined)) throw new Error(`Redis answered ${inspect(answer).slice(0, 100)}`)
    if (outcome === 'admitted' && number < alternativeCount) return { outcome, alternative: number, ...(left !== undefined && { operationsLeft: Number(left) }) }
    if (outcome === 'full' && alternativeCount > 0 && number >= 1 && number <= longestWaitMs) return { outcome, retryAfterMs: number }
  }
  throw new Error(`Redis answered ${inspect(answer).slice(0, 100)}`)
}
