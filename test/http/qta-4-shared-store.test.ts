import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/http-client.js'
import { clientKinds } from '../support/redis-clients.js'
import { compileProgram, type ChildProgram } from '../support/child-process.js'
import { createForger } from '../support/forge.js'
import { createProofMaker } from '../support/dpop.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { exampleClaims } from '../../src/testing/index.js'
import { guarding, requestBy } from '../guard/guarding.js'
import { redisStore } from '../../src/state/redis-store.js'
import type { Admission } from '../../src/model/store.js'
import type { Service } from './guarded-process.js'

const nowMs = Date.UTC(2025, 0, 1)
const audience = 'https://api.example.com'

describeRedis('QTA-4, POP-3: servers that share a Redis', () => {
  let server: RedisServer
  let program: ChildProgram
  beforeAll(async () => { [server, program] = await Promise.all([startRedis(), compileProgram(new URL('guarded-process.ts', import.meta.url))]) })
  afterAll(async () => {
    program.remove()
    await server.stop()
  })

  describe.each(clientKinds)('by the client $name', ({ name: client, connect }) => {
    const forger = createForger()
    const agent = createProofMaker('ES256', () => nowMs)
    const tokenWith = (claims: Readonly<Record<string, unknown>>) => forger.token(exampleClaims({ iss: 'https://as.example.com', aud: audience, iat: nowMs / 1000 - 10, exp: nowMs / 1000 + 300, ...claims }))
    const processes: ReturnType<ChildProgram['start']>[] = []
    let ports: number[]

    beforeAll(async () => {
      processes.push(program.start(), program.start())
      const service: Service = { client, redisPort: server.port, options: { issuer: forger.issuer, audience, baseUrl: audience }, nowMs }
      ports = await Promise.all(processes.map(async ({ ask }) => await ask(service) as number))
    })
    afterAll(() => { for (const { stop } of processes) stop() })

    it('a proof that one process has seen is a replay in the other', async () => {
      const token = tokenWith({ jti: `bound-${client}`, cnf: agent.confirmation, aap_capabilities: [{ action: 'search.web' }] })
      const show = async (port: number, proof: string) => (await call(port, '/search', { headers: { authorization: `DPoP ${token}`, dpop: proof } }))
      const proof = agent.proof({ token })
      expect((await show(ports[0]!, proof)).status).toBe(200)
      for (const port of ports) {
        const answer = await show(port, proof)
        expect(answer.status).toBe(401)
        expect(answer.header('www-authenticate')).toContain('invalid_dpop_proof')
      }
      const proofs = Array.from({ length: 10 }, () => agent.proof({ token }))
      const statuses = await Promise.all(proofs.flatMap((each) => [...ports, ...ports].map(async (port) => (await show(port, each)).status)))
      expect(statuses.filter((status) => status === 200)).toHaveLength(proofs.length)
      expect(statuses.filter((status) => status === 401)).toHaveLength(3 * proofs.length)
    })

    it('a quota is one quota', async () => {
      const token = tokenWith({ jti: `bearer-${client}`, aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: 25, max_requests_per_minute: 40 } }] })
      const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => call(ports[i % 2]!, '/search', { token })))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(25)
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(35)
      expect(Number(answers.find(({ status }) => status === 429)?.header('retry-after'))).toBeGreaterThan(0)
    })

    it('a decision is one command, allowed or not, with proofs or without', async () => {
      // Of its own: guards that listen to revocations look for them now and then.
      const own = await startRedis()
      const connected = await connect([own.port])
      try {
        const store = redisStore(connected.client, { now: () => nowMs })
        const { guard } = guarding({ store: { name: 'redis', admit: (admission: Admission) => store.admit(admission) }, storeTimeoutMs: 20_000 })
        const capabilities = (key: string) => ({ jti: `${key}-${client}`, aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 3, max_requests_per_minute: 9 } }, { action: 'a', constraints: { max_requests_per_day: 1 } }, { action: 'b', constraints: { allowed_methods: ['POST'], max_requests_per_second: 5 } }] })
        await guard.authorize(requestBy(capabilities('warm')), 'a')
        await own.command('CONFIG', 'RESETSTAT')
        const outcomes: string[] = []
        for (let i = 0; i < 6; i++) {
          const { outcome, status } = await guard.authorize(requestBy(capabilities('counted')), 'a')
          outcomes.push(`${outcome} ${status}`)
        }
        expect(outcomes).toEqual(['allow 200', 'allow 200', 'allow 200', 'allow 200', 'deny 429', 'deny 429'])
        expect(await guard.authorize(requestBy(capabilities('counted')), 'b')).toMatchObject({ status: 403 })
        const stats = String(await own.command('INFO', 'commandstats'))
        expect([...stats.matchAll(/cmdstat_(evalsha|eval):calls=(\d+)/g)].map(([, command, calls]) => `${command!} ${calls!}`)).toEqual(['evalsha 7'])
      } finally {
        connected.close()
        await own.stop()
      }
    })

    it('QTA-6: a Redis that is gone is 503, and the server goes on when it is back', async () => {
      const own = await startRedis()
      const connected = await connect([own.port])
      try {
        // Longer than a machine may stand still, as long as there is a Redis to answer.
        const { guard, records } = guarding({ store: redisStore(connected.client), storeTimeoutMs: 4_000 })
        const decide = () => guard.authorize(requestBy({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 9 } }] }), 'a')
        expect((await decide()).status).toBe(200)
        await own.kill()
        expect(await decide()).toMatchObject({ status: 503, error: 'temporarily_unavailable', retryAfterSeconds: 1 })
        expect(records.at(-1)).toMatchObject({ rule: 'QTA-6' })
        await own.restart()
        let status = 503
        while (status === 503) ({ status } = await decide())
        expect(status).toBe(200)
      } finally {
        connected.close()
        await own.stop()
      }
    })
  })
})
