import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { clientKinds, type ConnectedClient } from '../support/redis-clients.js'
import { createGuard, type Decision, type Guard } from '../../src/index.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { misbehaviours, type AgentTokenIssuer } from '../support/agent-token-issuer.js'
import { redisStore } from '../../src/state/redis-store.js'
import { audience, startIssuer, testClock } from './opaque-api.js'

describeRedis('INT-4: expires_on_completion, on guards that share a Redis', () => {
  let redis: RedisServer
  beforeAll(async () => { redis = await startRedis() })
  afterAll(() => redis.stop())

  describe.each(clientKinds)('by the client $name', ({ connect }) => {
    const connected: ConnectedClient[] = []
    beforeAll(async () => { connected.push(await connect([redis.port]), await connect([redis.port])) })
    afterAll(() => { for (const each of connected) each.close() })

    const startGuards = async (issuer: AgentTokenIssuer, now: () => number): Promise<readonly Guard[]> => {
      const guards = connected.map(({ client }) => createGuard({ issuer: issuer.trusted(), audience, baseUrl: audience, store: redisStore(client), storeTimeoutMs: 20_000, now, audit: [], logger: { info: () => undefined, warn: () => undefined, error: () => undefined } }))
      onTestFinished(async () => { for (const guard of guards) await guard.close() })
      await Promise.all(guards.map((guard) => guard.ready()))
      return guards
    }
    const ask = (guard: Guard, token: string): Promise<Decision> => guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `Bearer ${token}` } }, 'search.web')

    it('INT-4: whoever took the last operation revokes, and nobody else', async () => {
      const clock = testClock()
      const issuer = await startIssuer(clock)
      const guards = await startGuards(issuer, clock.now)
      for (let round = 0; round < 5; round++) {
        const token = await issuer.issue({ max_operations: 5, expires_on_completion: true })
        // Both know the token before it ends: who asks the issuer afterwards hears that it is not active (INT-1).
        for (const guard of guards) expect((await ask(guard, token)).outcome).toBe('allow')
        const decisions = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(guards[i % 2]!, token)))
        expect(decisions.filter(({ outcome }) => outcome === 'allow')).toHaveLength(3)
        await expect.poll(() => issuer.revoked.has(token)).toBe(true)
        for (const guard of guards) expect(await ask(guard, token)).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'INT-4' } })
        expect(issuer.revocations.filter((revoked) => revoked === token)).toHaveLength(1)
      }
    })

    it('INT-4: where it was gone before it could, another one does when the issuer still holds the token for active', async () => {
      const clock = testClock()
      const issuer = await startIssuer(clock)
      const [gone, left] = await startGuards(issuer, clock.now) as [Guard, Guard]
      const token = await issuer.issue({ max_operations: 1, expires_on_completion: true })
      issuer.misbehave('revoke', misbehaviours.fail)
      expect((await ask(gone, token)).outcome).toBe('allow')
      await expect.poll(() => issuer.revocations).toEqual([token])
      await gone.close()
      issuer.misbehave('revoke', undefined)

      expect((await ask(left, token)).reason?.rule).toBe('INT-4')
      expect((await ask(left, token)).reason?.rule).toBe('INT-4')
      expect(issuer.revoked.has(token)).toBe(false)
      clock.pass(30_000)
      expect((await ask(left, token)).reason?.rule).toBe('INT-4')
      await expect.poll(() => issuer.revoked.has(token)).toBe(true)
      expect(issuer.revocations).toEqual([token, token])
    })
  })
})
