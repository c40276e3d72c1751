import { expect, it } from 'vitest'
import { describeSharedServers } from './shared-servers.js'

describeSharedServers('INT-4: servers that share a Redis', {}, (shared) => {
  /** Of many requests at once, to both in turn. */
  const statusesOf = (token: string, times: number): Promise<readonly number[]> => Promise.all(Array.from({ length: times }, (_, i) => shared.statusOf(i % 2 === 0 ? 0 : 1, token)))
  const admitted = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length

  it('INT-4: a budget is one budget, exactly, of many requests at once', async () => {
    const token = await shared.issuer.issue({ max_operations: 7 })
    const statuses = await statusesOf(token, 60)
    expect([admitted(statuses), statuses.filter((status) => status === 401).length]).toEqual([7, 53])
    expect(admitted(await statusesOf(token, 4))).toBe(0)
  })

  it('INT-4: the last operation is taken by one process', async () => {
    for (let round = 0; round < 25; round++) {
      expect((await statusesOf(await shared.issuer.issue({ max_operations: 1 }), 2)).toSorted()).toEqual([200, 401])
    }
  })

  it('INT-4: expires_on_completion: it is revoked, and both refuse', async () => {
    const { issuer } = shared
    const token = await issuer.issue({ max_operations: 3, expires_on_completion: true })
    expect(admitted(await statusesOf(token, 10))).toBe(3)
    await expect.poll(() => issuer.revoked.has(token)).toBe(true)
    expect(new Set(await statusesOf(token, 4))).toEqual(new Set([401]))
    expect(issuer.revocations.filter((revoked) => revoked === token).length).toBeLessThanOrEqual(2)
  })

  // Nobody waits for the cache to be written, so that the other may be too early for it.
  it('INT-1: what one process was answered, the other need not ask, and none asks twice', async () => {
    const { issuer, statusOf } = shared
    let asked = 2
    for (let round = 0; asked > 1 && round < 200; round++) {
      const token = await issuer.issue()
      for (const process of [0, 1, 0] as const) expect(await statusOf(process, token)).toBe(200)
      asked = issuer.asked.filter((each) => each === token).length
      expect(asked).toBeLessThanOrEqual(2)
    }
    expect(asked).toBe(1)
  })
})
