import { describe, expect, it } from 'vitest'
import { FailureLimit } from '../../src/token/failure-limit.js'

const nowMs = Date.UTC(2025, 0, 1)

describe('TRN-5: failed validations are limited per peer address', () => {
  it('so many are let through; then the peer waits for the next minute', () => {
    const limit = new FailureLimit(2)
    const waits = [0, 1, 2].map((second) => {
      const wait = limit.waitMs('192.0.2.1', nowMs + second * 1_000)
      limit.count('192.0.2.1', nowMs + second * 1_000)
      return wait
    })
    expect(waits).toEqual([0, 0, 58_000])
    expect(limit.waitMs('192.0.2.1', nowMs + 59_999)).toBe(1)
    expect(limit.waitMs('192.0.2.1', nowMs + 60_000)).toBe(0)
  })

  it('a new minute starts anew', () => {
    const limit = new FailureLimit(1)
    limit.count('a', nowMs + 59_999)
    limit.count('a', nowMs + 60_000)
    expect(limit.waitMs('a', nowMs + 60_001)).toBe(59_999)
    expect(limit.waitMs('a', nowMs + 120_000)).toBe(0)
  })

  it('peers do not count for each other', () => {
    const limit = new FailureLimit(1)
    limit.count('192.0.2.1', nowMs)
    expect(limit.waitMs('192.0.2.1', nowMs)).toBeGreaterThan(0)
    expect(limit.waitMs('192.0.2.2', nowMs)).toBe(0)
    expect(limit.waitMs('', nowMs)).toBe(0)
  })

  it('a flood from many addresses is bounded: the ones seen longest ago are forgotten', () => {
    const limit = new FailureLimit(1)
    for (let i = 0; i <= 10_000; i++) limit.count(`peer-${i}`, nowMs)
    expect(limit.waitMs('peer-0', nowMs)).toBe(0)
    expect(limit.waitMs('peer-10000', nowMs)).toBeGreaterThan(0)
  })
})
