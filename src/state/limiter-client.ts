/**
 * A limiter of the package `rate-limiter-flexible`, known by its methods: nothing of the package is imported.
 */
export interface Limiter {
  readonly points: number
  readonly keyPrefix: string
  consume(key: string, pointsToConsume: number, options: { readonly customDuration: number }): Promise<LimiterTotal>
  get(key: string): Promise<LimiterTotal | null>
  set(key: string, points: number, secDuration: number): Promise<unknown>
}

interface LimiterTotal {
  readonly consumedPoints: number
}

/** What a limiter has to be made with, beside its client: its own points never refuse, since the store compares them itself. */
export interface LimiterSettings {
  readonly keyPrefix: string
  readonly points: number
  /** Seconds: longer than any key is needed. The store says a shorter time with each key. */
  readonly duration: number
}

export type CreateLimiter = (settings: LimiterSettings) => Limiter

/** Longer than a window of a day is kept. */
const longestSeconds = 4 * 86_400

/**
 * The three operations that the limiter store asks of a backend. Whatever is no answer of its kind rejects (QTA-6).
 */
export class LimiterClient {
  readonly #limiter: Limiter

  /** @throws TypeError for what is no limiter, has not the settings, or would not count as one counter for all processes */
  constructor(createLimiter: CreateLimiter, keyPrefix: string) {
    const settings: LimiterSettings = Object.freeze({ keyPrefix, points: Number.MAX_SAFE_INTEGER, duration: longestSeconds })
    const limiter = createLimiter({ ...settings })
    if (!isLimiter(limiter)) throw new TypeError('limiterStore: createLimiter must return a limiter of rate-limiter-flexible')
    for (const name of ['keyPrefix', 'points'] as const) if (limiter[name] !== settings[name]) throw new TypeError(`limiterStore: createLimiter must make the limiter with the ${name} that it is given`)
    for (const name of refusedOptions) if (isSet(limiter[name])) throw new TypeError(`limiterStore: createLimiter must make the limiter without ${name}`)
    const kind = limiter.constructor.name
    if (kind.includes('NonAtomic')) throw new TypeError(`limiterStore: ${kind} reads and then writes, so that requests are lost count of`)
    if (kind.includes('Etcd')) throw new TypeError(`limiterStore: ${kind} keeps its keys for ever (QTA-7)`)
    this.#limiter = limiter
  }

  /** Adds to a key, in one step over all processes, and gives what it holds then. The first one says how long it lives. */
  async add(key: string, points: number, seconds: number): Promise<number> {
    const total = totalOf(await this.#answer(() => this.#limiter.consume(key, points, { customDuration: seconds })))
    if (total < points) throw new Error('the limiter gave less than was added')
    return total
  }

  /** What a key holds; 0 also where the limiter cannot say, as some do when their backend does not answer. */
  async peek(key: string): Promise<number> {
    const answer = await this.#answer(() => this.#limiter.get(key))
    return answer === null ? 0 : totalOf(answer)
  }

  async put(key: string, points: number, seconds: number): Promise<void> {
    await this.#answer(() => this.#limiter.set(key, points, seconds))
  }

  /** A limiter rejects with a result, which is no error, where its own limits are reached: it has been given none. */
  async #answer<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (thrown) {
      throw thrown instanceof Error ? thrown : new Error('the limiter refused by a limit of its own, or with what is no error')
    }
  }
}

/** `insuranceLimiter` counts in this process while the backend is away, `execEvenly` lets requests wait, the others refuse for other reasons. */
const refusedOptions = ['insuranceLimiter', 'execEvenly', 'inMemoryBlockOnConsumed', 'blockOnConsumed', 'blockDuration'] as const

function isLimiter(value: unknown): value is Limiter & Record<(typeof refusedOptions)[number], unknown> {
  return typeof value === 'object' && value !== null && ['consume', 'get', 'set'].every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0
}

function totalOf(answer: LimiterTotal | null | undefined): number {
  const total = answer?.consumedPoints
  if (!Number.isSafeInteger(total) || (total as number) < 0) throw new Error('the limiter gave no whole number from 0 to 2^53 - 1')
  return total as number
}
