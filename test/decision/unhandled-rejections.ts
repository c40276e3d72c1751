/**
 * Rejections that nobody handles, while something runs and until the event loop has gone round. In a server each of them
 * ends the process (ERR-2).
 */
export async function unhandledRejectionsOf(run: () => unknown): Promise<unknown[]> {
  const others = process.listeners('unhandledRejection')
  const reasons: unknown[] = []
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (reason) => reasons.push(reason))
  try {
    await run()
    for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => { setImmediate(resolve) })
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of others) process.on('unhandledRejection', listener)
  }
  return reasons
}
