import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createGuard } from '../../src/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { operatorMessages } from '../support/operator-messages.js'
import { audience, opaqueKinds, startIssuer, startOpaqueApi, testClock } from './opaque-api.js'

expectHealthyProcess()

const random = (): string => `agt_${randomBytes(32).toString('base64url')}`

function countOf(values: readonly (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

describe('INT-1: floods of random strings', () => {
  it.each([
    ['one peer', () => '192.0.2.1', 150, '429'],
    ['many peers', (i: number) => `198.51.${i >> 8}.${i & 255}`, 75, '503'],
  ] as const)('INT-1: 10,000 from %s are few calls at the issuer, and a known token keeps working', async (_title, peerOf, mostCalls, refusal) => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const guard = createGuard({ issuer: issuer.trusted({ callsPerSecond: 100 }), audience, audit: [], logger: operatorMessages(), now: clock.now })
    const decide = async (token: string, peer: string) => guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` }, remoteAddress: peer }, 'search.web')
    const known = await issuer.issue()
    expect((await decide(known, peerOf(0))).status).toBe(200)
    clock.pass(1_000)

    const statuses: number[] = []
    const known200: number[] = []
    for (let wave = 0; wave < 200; wave++) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => decide(random(), peerOf(wave * 50 + i))))
      for (const { status, retryAfterSeconds, error } of answers) {
        statuses.push(status)
        if (status !== 401) expect([error, retryAfterSeconds]).toEqual([status === 429 ? undefined : 'temporarily_unavailable', expect.any(Number)])
      }
      // One peer: a hundred a minute, whatever the clock says of calls in a second.
      if (peerOf(1) === peerOf(2)) clock.pass(100)
      known200.push((await decide(known, peerOf(0))).status)
    }
    const counts = countOf(statuses)
    expect(Object.values(counts).reduce((a, b) => a + b)).toBe(10_000)
    expect(counts['401']).toBeLessThanOrEqual(mostCalls)
    expect(counts[refusal]).toBeGreaterThan(9_700)
    expect(counts['401']).toBe(issuer.asked.filter((token) => token !== known).length)
    expect(Object.keys(counts).filter((status) => !['401', '429', '503'].includes(status))).toEqual([])
    expect(countOf(known200)).toEqual({ 200: 200 })
    // Asked for anew, when its answer is too old, in the middle of it.
    clock.pass(30_000)
    const flood = Promise.all(Array.from({ length: 500 }, (_, i) => decide(random(), peerOf(i))))
    expect((await decide(known, peerOf(0))).status).toBe(200)
    await flood
    await guard.close()
  })
})

describe.each(opaqueKinds)('INT-1: floods over %s', (kind) => {
  it('INT-1: a peer that tries too often is answered 429 with Retry-After, and its known token works', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ inactivePerPeerPerMinute: 5 }), now: clock.now })
    const known = await issuer.issue()
    expect((await server.call('/search', { token: known })).status).toBe(200)
    const answers = []
    for (let i = 0; i < 20; i++) answers.push(await server.call('/search', { token: random() }))
    expect(countOf(answers.map(({ status }) => status))).toEqual({ 401: 5, 429: 15 })
    expect(Number(answers.at(-1)?.header('retry-after'))).toBeGreaterThan(0)
    expect(audit.decisions().at(-1)).toMatchObject({ rule: 'INT-1', status: 429 })
    expect((await server.call('/search', { token: known })).status).toBe(200)
    expect(issuer.asked).toHaveLength(6)
  })

  it('INT-1: the same string again and again is one call, also at once', async () => {
    const issuer = await startIssuer()
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const [unknown, known] = [random(), await issuer.issue()]
    const statuses = await Promise.all(Array.from({ length: 100 }, async (_, i) => (await server.call('/search', { token: i % 2 === 0 ? unknown : known })).status))
    expect([countOf(statuses), issuer.asked.length]).toEqual([{ 200: 50, 401: 50 }, 2])
  })

  it('INT-1: behind a trusted proxy nobody pays for what others send', async () => {
    const issuer = await startIssuer()
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted({ inactivePerPeerPerMinute: 1 }), trustedProxies: ['127.0.0.1'] })
    for (let i = 0; i < 5; i++) expect((await server.call('/search', { token: random() })).status).toBe(401)
    expect((await server.call('/search', { token: await issuer.issue() })).status).toBe(200)
  })
})
