/** One for all: each of its own would be made with a stack. */
const over = new Error('it is over')

/**
 * Runs `work` and gives up on it after `deadlineMs`, whatever it does: a `fetch` of the user's may not heed the
 * signal (KEY-6). The signal is aborted at the end in either case, so that nothing is left open. The timer does
 * not keep the process alive.
 */
export async function withDeadline<T>(deadlineMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no complete answer within ${deadlineMs} ms`))
    }, deadlineMs).unref()
  })
  try {
    return await Promise.race([work(controller.signal), expiry])
  } finally {
    clearTimeout(timer)
    controller.abort(over)
  }
}

/** Rejects when the signal is aborted, for what may not heed it. */
export function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true })
  })
}
