import { describe, expect, it } from 'vitest'
import { LocalShare } from '../../src/state/local-share.js'

const nowMs = Date.UTC(2025, 2, 10, 10, 59, 30, 250)

describe('CON-1: a part of the limits', () => {
  it('does not say to wait for what the part of this process never admits, while another alternative can', () => {
    const share = new LocalShare(2, { now: () => nowMs })
    const few = { key: 'few', name: 'max_requests_per_second', window: 'second', limit: 1, quantity: 1 } as const
    const hourly = { key: 'hourly', name: 'max_requests_per_hour', window: 'hour', limit: 2, quantity: 1 } as const
    const both = { scope: 's', alternatives: [{ quotas: [few] }, { quotas: [hourly] }] }
    expect(share.admit(both)).toEqual({ outcome: 'admitted', alternative: 1 })
    expect(share.admit(both)).toEqual({ outcome: 'full', retryAfterMs: 29_750 })
    expect(share.admit({ ...both, alternatives: [{ quotas: [few] }] })).toEqual({ outcome: 'full', retryAfterMs: 1_000 })
  })
})
