import { describe, expect, it, vi } from 'vitest'
import { createRevocationQueue, type RevocationQueue, type RevocationQueueOptions } from '../../../src/token/revocation-queue.js'
import { hang, status } from '../keys/issuer-server.js'
import { useTokenServer } from './token-server.js'

const issuer = useTokenServer()
const revoked = () => issuer.revocations.map(({ token }) => token)

function queueOf(options: Partial<RevocationQueueOptions> = {}): { queue: RevocationQueue; warnings: string[] } {
  const warnings: string[] = []
  const queue = createRevocationQueue({ issuer: issuer.issuer, endpoint: issuer.endpoint(), warn: (_cause, message) => warnings.push(message), firstRetryMs: 1, ...options })
  return { queue, warnings }
}
const deadline = { interval: 1, timeout: 20_000 }
const isDone = (queue: RevocationQueue) => vi.waitFor(() => expect(queue.waiting).toBe(0), deadline)

describe('INT-1: a token is revoked at its issuer (RFC 7009)', () => {
  it('INT-1: once, however often it is asked for, before and after', async () => {
    const { queue, warnings } = queueOf()
    for (let i = 0; i < 10; i++) queue.revokeOnce('t')
    queue.revokeOnce('u')
    expect(queue.waiting).toBe(2)
    await isDone(queue)
    queue.revokeOnce('t')
    expect(queue.waiting).toBe(0)
    expect(revoked().sort()).toEqual(['t', 'u'])
    expect(warnings).toEqual([])
  })

  it('INT-1: again after failures, until it is done', async () => {
    issuer.answerRevocations(() => (issuer.revocations.length < 4 ? status(503) : status(200)))
    const { queue, warnings } = queueOf()
    queue.revokeOnce('t')
    await isDone(queue)
    expect(revoked()).toEqual(['t', 't', 't', 't'])
    expect(warnings).toEqual(Array(3).fill(expect.stringMatching(/not revoked yet: .*status 503/)))
  })

  it('INT-1: not for ever: the operator is told, and whoever asks again starts again', async () => {
    issuer.answerRevocations(() => status(500))
    const { queue, warnings } = queueOf({ attempts: 3 })
    queue.revokeOnce('secret-token')
    await isDone(queue)
    expect(revoked()).toHaveLength(3)
    expect(warnings.at(-1)).toMatch(/stays valid at its issuer/)
    expect(warnings.join()).not.toContain('secret-token')
    issuer.answerRevocations(() => status(200))
    queue.revokeOnce('secret-token')
    await isDone(queue)
    expect(revoked()).toHaveLength(4)
  })

  it('INT-1: four at a time, and all of them', async () => {
    const { queue } = queueOf()
    const tokens = Array.from({ length: 200 }, (_, i) => `t${i}`)
    for (const token of tokens) queue.revokeOnce(token)
    await isDone(queue)
    expect(revoked().sort()).toEqual([...tokens].sort())
  })

  it('INT-1: an issuer that hangs fills no memory', async () => {
    issuer.answerRevocations(() => hang)
    const { queue, warnings } = queueOf({ maxWaiting: 10 })
    for (let i = 0; i < 1_000; i++) queue.revokeOnce(`t${i}`)
    expect(queue.waiting).toBe(10)
    expect(warnings).toHaveLength(990)
    expect(warnings[0]).toContain('10 others wait already')
    await vi.waitFor(() => expect(issuer.revocations).toHaveLength(4), deadline)
    queue.close()
  })

  it('INT-1: nothing is done once it is closed', async () => {
    issuer.answerRevocations(() => status(500))
    const { queue, warnings } = queueOf({ firstRetryMs: 60_000 })
    queue.revokeOnce('t')
    await vi.waitFor(() => expect(warnings).toHaveLength(1), deadline)
    queue.close()
    queue.close()
    queue.revokeOnce('u')
    expect(queue.waiting).toBe(0)
    expect(warnings[1]).toContain('1 tokens')
    expect(warnings).toHaveLength(2)
  })

  it('INT-1: neither an endpoint nor a logger that throws rejects anything', async () => {
    const { queue } = queueOf({ attempts: 2, endpoint: { revoke: () => { throw new Error('broken') } }, warn: () => { throw new Error('full disk') } })
    queue.revokeOnce('t')
    await isDone(queue)
  })

  it.each([{ attempts: 0 }, { maxWaiting: 0.5 }, { firstRetryMs: 0 }])('INT-1: %j fails at start-up', (options) => {
    expect(() => queueOf(options)).toThrow(RangeError)
  })
})
