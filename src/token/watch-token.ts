import type { Denial } from '../model/denial.js'
import type { Revocations } from './revocations.js'
import type { VerifiedToken } from './verify-token.js'
import { describeError } from '../model/describe-error.js'

/** An answer may be 30 s old (INT-1): with this it is known within 60 s that a token is not active any more (REV-1). */
const askEveryMs = 20_000
const longestSilenceMs = 40_000

export interface WatchRules {
  readonly revocations: Pick<Revocations, 'watch'>
  /** Tells the operator. */
  readonly warn: (cause: string, message: string) => void
}

/**
 * Calls back once, in a later turn, when a token that something goes on with is revoked, when its issuer does not hold it for
 * active any more, or when the issuer has not said so for too long. The timer does not keep the process alive.
 *
 * @returns what ends the watch
 * @see REV-1
 */
export function watchToken(verified: Pick<VerifiedToken, 'isStillActive'> & Parameters<Revocations['watch']>[0], { revocations, warn }: WatchRules, then: (denial: Denial) => void): () => void {
  const { isStillActive } = verified
  if (isStillActive === undefined) return revocations.watch(verified, then)

  let heardAtMs = performance.now()
  const end = (denial: Denial): void => {
    stop()
    then(denial)
  }
  const unwatch = revocations.watch(verified, end)
  const timer = setInterval(() => { void ask() }, askEveryMs).unref()
  let isOver = false
  const stop = (): void => {
    isOver = true
    clearInterval(timer)
    unwatch()
  }
  const ask = async (): Promise<void> => {
    let isActive: boolean | undefined
    try {
      isActive = await isStillActive()
    } catch {
      // Nobody knows: it may be said the next time.
    }
    if (isOver) return
    if (isActive === true) heardAtMs = performance.now()
    else if (isActive === false) endSafely({ code: 'invalid_token', rule: 'REV-1', detail: 'the issuer does not hold the token for active any more' })
    else if (performance.now() - heardAtMs >= longestSilenceMs) endSafely({ code: 'invalid_token', rule: 'REV-1', detail: 'the issuer has not said for too long whether the token is active' })
  }
  /** Nobody waits for it: what a listener throws must not end the process (ERR-2). */
  const endSafely = (denial: Denial): void => {
    try {
      end(denial)
    } catch (error) {
      warn('revoked response', `An open response could not be ended: ${describeError(error)}`)
    }
  }
  return stop
}
