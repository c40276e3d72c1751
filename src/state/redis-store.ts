import { inspect } from 'node:util'
import type { Admission, AdmissionVerdict, AnswerStore, BudgetCharge, ProofId, RevocationFeed, StateStore, StoredAnswer, TaskClaim } from '../model/store.js'
import type { Clock } from '../model/clock.js'
import { admissionScript, type AdmissionExtras } from './admission-script.js'
import { getAnswerText, setAnswerText } from './answer-scripts.js'
import { RedisRevocations } from './redis-revocations.js'
import { runWhenReady, scriptOf } from './redis-script.js'
import { keyPart, nothing, readInteger, WrittenCharges } from './written-charges.js'
import { scriptClientOf, type IoRedisClient, type NodeRedisClient, type ScriptClient } from './redis-client.js'
import { refuseUnknownOptions } from './refuse-unknown-options.js'

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

const longestWaitMs = 86_400_000

const firstAlternative: AdmissionVerdict = Object.freeze({ outcome: 'admitted', alternative: 0 })
const spent: AdmissionVerdict = Object.freeze({ outcome: 'spent' })
const replayed: AdmissionVerdict = Object.freeze({ outcome: 'replayed' })
const otherTask: AdmissionVerdict = Object.freeze({ outcome: 'other-task' })

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
  /** On a single server all keys are together, and local policy may count by others without their moving. */
  readonly #onlySlot: string
  readonly #now: Clock | undefined
  readonly #charges = new WrittenCharges()

  constructor(client: ScriptClient, options: RedisStoreOptions) {
    if (typeof options !== 'object' || (options as unknown) === null) throw new TypeError('redisStore: the options are an object')
    const { prefix = 'aap:', now, ...others } = options
    refuseUnknownOptions('redisStore', others, ['prefix', 'now'])
    if (typeof prefix !== 'string') throw new TypeError('redisStore: prefix must be a string')
    if (!/^[A-Za-z0-9:._/-]{1,64}$/.test(prefix)) throw new RangeError('redisStore: prefix must be 1 to 64 of letters, digits, ":", ".", "_", "-" and "/"')
    if (now !== undefined && typeof now !== 'function') throw new TypeError('redisStore: now must be a function')
    this.#client = client
    this.#prefix = prefix
    this.#onlySlot = `${prefix}{all}:`
    this.#now = now
    this.answers = new RedisAnswers(client, prefix)
    this.revocations = new RedisRevocations(client, prefix)
  }

  async admit(admission: Admission): Promise<AdmissionVerdict> {
    const { keys, args } = this.#inputOf(admission)
    return verdictOf(await runWhenReady(this.#client, script, keys, args), admission)
  }

  #inputOf({ scope, task, proof, budget, alternatives, chargeOnly }: Admission): { readonly keys: readonly string[]; readonly args: readonly string[] } {
    const keys: string[] = []
    const slot = this.#client.isCluster ? `${this.#prefix}{${keyPart(scope)}}:` : this.#onlySlot
    if (task !== undefined) keys.push(`${slot}t:${keyPart(task.key)}`)
    if (proof !== undefined) keys.push(`${slot}p:${keyPart(proof.key)}`)
    if (budget !== undefined) keys.push(`${slot}b:${keyPart(budget.key)}`)
    const args = [this.#now === undefined && keys.length === 0 ? '' : this.#extrasOf(task, proof, budget)]
    const lists = alternatives.map(({ quotas }) => this.#charges.write(quotas, slot))
    for (const list of chargeOnly === undefined ? [nothing, ...lists] : [this.#charges.write(chargeOnly, slot), ...lists]) {
      keys.push(...list.keys)
      args.push(list.text)
    }
    return { keys, args }
  }

  #extrasOf(task: TaskClaim | undefined, proof: ProofId | undefined, budget: BudgetCharge | undefined): string {
    const extras: AdmissionExtras = {
      ...(this.#now !== undefined && { now: instantOf(this.#now) }),
      ...(task !== undefined && { task: keyPart(task.task), keepTaskMs: readInteger(task.keepMs, 1, 'keepMs') }),
      ...(proof !== undefined && { keepProofMs: readInteger(proof.keepMs, 1, 'keepMs') }),
      ...(budget !== undefined && { most: readInteger(budget.most, 0, 'budget'), ...(budget.total !== undefined && { total: readInteger(budget.total, 0, 'budget') }), keepBudgetMs: readInteger(budget.keepMs, 1, 'keepMs') }),
    }
    return JSON.stringify(extras)
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
    const reply = await runWhenReady(this.#client, setAnswerScript, [this.#keyOf(key)], [value, String(readInteger(keepMs, 1, 'keepMs'))])
    if (String(reply) !== 'set') throw new Error('the connection to Redis was lost before it answered')
  }

  #keyOf(key: string): string {
    return `${this.#prefix}i:${keyPart(key)}`
  }
}

const script = scriptOf(admissionScript)
const getAnswerScript = scriptOf(getAnswerText)
const setAnswerScript = scriptOf(setAnswerText)

function instantOf(now: Clock): number {
  const nowMs = now()
  if (!Number.isFinite(nowMs)) throw new TypeError('the clock gives no finite number')
  return Math.floor(nowMs)
}

/** Nothing is admitted but by an answer that this admission can have. Clients can be told to give texts as bytes. */
function verdictOf(reply: unknown, { alternatives: { length: alternativeCount }, task, budget }: Admission): AdmissionVerdict {
  const answer = Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
  if (typeof answer === 'string') {
    if (answer === 'admitted:0' && alternativeCount > 0 && task === undefined && budget === undefined) return firstAlternative
    if (answer === 'replayed') return replayed
    if (answer === 'late') throw new Error('the connection to Redis was lost before it answered')
    if (answer === 'other-task' && task !== undefined) return otherTask
    if (answer === 'spent' && alternativeCount > 0 && budget !== undefined) return spent
    const admitted = /^admitted:(-1|\d{1,9})(:held)?(?::(\d{1,16}))?$/.exec(answer)
    if (admitted !== null) {
      const [, digits, held, left] = admitted
      const alternative = Number(digits)
      const isPossible = alternativeCount === 0 ? alternative === -1 && left === undefined : alternative >= 0 && alternative < alternativeCount && (left !== undefined) === (budget !== undefined)
      if (isPossible && (held !== undefined) === (task !== undefined)) return { outcome: 'admitted', alternative, ...(held !== undefined && { holdsTask: true }), ...(left !== undefined && { operationsLeft: Number(left) }) }
    }
    const retryAfterMs = Number(/^full:(\d{1,9})$/.exec(answer)?.[1])
    if (alternativeCount > 0 && retryAfterMs >= 1 && retryAfterMs <= longestWaitMs) return { outcome: 'full', retryAfterMs }
  }
  throw new Error(`Redis answered ${inspect(answer).slice(0, 100)}`)
}
