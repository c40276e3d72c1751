import { ignoreRejection } from '../model/maybe-promise.js'
import { escapeUnprintable } from '../audit/printable.js'

/** Where messages for operators go: `console` or any logger with these methods. */
export interface OperatorLogger {
  info(message: string): unknown
  warn(message: string): unknown
  error(message: string): unknown
}

const quietMs = 60_000
const maxCauses = 1_000

/** Says each cause at most once a minute: what goes wrong at every request must not fill the disk. */
export class OperatorLog {
  readonly #logger: OperatorLogger
  readonly #said = new Map<string, number>()

  constructor(logger: OperatorLogger) {
    this.#logger = logger
  }

  readonly warn = (cause: string, message: string): void => { this.#say('warn', cause, message) }
  readonly error = (cause: string, message: string): void => { this.#say('error', cause, message) }

  #say(level: 'warn' | 'error', cause: string, message: string): void {
    const nowMs = performance.now()
    const saidAtMs = this.#said.get(cause)
    if (saidAtMs !== undefined && nowMs - saidAtMs < quietMs) return
    if (this.#said.size >= maxCauses) this.#said.clear()
    this.#said.set(cause, nowMs)
    try {
      ignoreRejection(this.#logger[level](`aap-guard: ${escapeUnprintable(message)}`))
    } catch {
      // A logger that fails is no reason to decide otherwise (ERR-2).
    }
  }
}
