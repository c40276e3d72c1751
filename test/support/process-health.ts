import { afterAll, afterEach, beforeAll, expect } from 'vitest'

/** ERR-2: whatever a test does, nothing may escape that would end the process. Call it once in a file. */
export function expectHealthyProcess(): void {
  const escaped: string[] = []
  const rejected = (reason: unknown): void => { escaped.push(`unhandledRejection: ${String(reason)}`) }
  const thrown = (error: unknown): void => { escaped.push(`uncaughtException: ${String(error)}`) }
  beforeAll(() => {
    process.on('unhandledRejection', rejected)
    process.on('uncaughtExceptionMonitor', thrown)
  })
  afterEach(async () => {
    // Node reports a rejection once the microtasks of its turn are done.
    await nextTurn()
    await nextTurn()
    expect(escaped.splice(0)).toEqual([])
  })
  afterAll(() => {
    process.off('unhandledRejection', rejected)
    process.off('uncaughtExceptionMonitor', thrown)
  })
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}
