import { expect, vi } from 'vitest'
import { createRemoteKeySet, type KeySet } from '../../../src/token/key-set.js'
import type { Fetch } from '../../../src/token/fetch-json.js'

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute

/** A remote key set whose clock stands still until it is moved, and which counts what it fetches. */
export interface ClockedKeySet {
  readonly keySet: KeySet
  readonly problems: string[]
  /** URLs fetched, in order. A fetch is counted when it is started, before anything is awaited. */
  readonly fetched: string[]
  readonly pass: (milliseconds: number) => void
  /** Waits until as many refreshes have failed. */
  readonly untilFailures: (count: number) => Promise<void>
}

export interface ClockedKeySetOptions {
  readonly issuer: string
  readonly jwksUri?: string
  readonly fetch?: Fetch
  readonly deadlineMs?: number
}

export function clockedKeySet({ issuer, jwksUri, fetch = globalThis.fetch, deadlineMs }: ClockedKeySetOptions): ClockedKeySet {
  let nowMs = Date.UTC(2025, 0, 1)
  const problems: string[] = []
  const fetched: string[] = []
  const keySet = createRemoteKeySet({
    issuer,
    jwksUri,
    deadlineMs,
    now: () => nowMs,
    onProblem: (message) => problems.push(message),
    fetch: (url, init) => {
      fetched.push(url)
      return fetch(url, init)
    },
  })
  return {
    keySet,
    problems,
    fetched,
    pass: (milliseconds) => { nowMs += milliseconds },
    untilFailures: (count) => vi.waitFor(() => expect(problems).toHaveLength(count), { interval: 1, timeout: 20_000 }),
  }
}
