import { describe, expect, it } from 'vitest'
import { aapGuard, requireCapability, type GuardOptions, type Policy } from '../../src/index.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { startApi } from '../support/api.js'
import { stoppedClock } from '../support/stopped-clock.js'
import { useTestIssuer } from '../support/issuer.js'

const issuer = useTestIssuer()
const capabilities = (constraints: object) => ({ aap_capabilities: [{ action: 'mail.send', constraints }] })

describe.each(['Express 5', 'node:http'] as const)('a request that passes two guards of one store, %s', (kind) => {
  const options = () => ({ issuer: issuer.trusted, audience: issuer.audience, ...stoppedClock() }) satisfies GuardOptions

  it.each<[string, Policy, readonly number[]]>([
    ['a quota of the agent', { quotas: { perAgent: { max_requests_per_hour: 1 } } }, [200, 429, 429]],
    ['one that admits nothing', { quotas: { perOperator: { max_requests_per_hour: 0 } } }, [429, 429, 429]],
    ['a lower limit', { constraints: { max_requests_per_hour: 2 } }, [200, 200, 429]],
    ['one for the action', { actions: { 'mail.send': { constraints: { max_requests_per_day: 1 } } } }, [200, 429, 429]],
  ])('QTA-5, CAP-7: what the policy of the second demands holds: %s', async (_, policy, statuses) => {
    const settings = options()
    const shared = { ...settings, store: memoryStore({ now: settings.now }) }
    const routes = { 'GET /search': 'mail.send' }
    const { server, handled } = await startApi(kind, { ...shared, routes }, ({ guard, handler }) => ({
      use: [guard, aapGuard({ ...shared, routes, policy, audit: [] })],
      routes: [{ path: '/search', run: [handler('search')] }],
    }))
    const token = await issuer.sign(capabilities({ max_requests_per_hour: 9 }))
    const seen: number[] = []
    while (seen.length < statuses.length) seen.push((await server.call('/search', { token })).status)
    expect(seen).toEqual(statuses)
    expect(handled).toHaveLength(statuses.filter((status) => status === 200).length)
  })

  it('CON-1: a second look at the same action counts what its quantity is more', async () => {
    let mails = 0
    const { server } = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/search', run: [requireCapability('mail.send', { quantities: () => ({ mails: 0 }) }), requireCapability('mail.send', { quantities: () => ({ mails }) }), handler('search')] }],
    }))
    const token = await issuer.sign(capabilities({ max_mails_per_hour: 3 }))
    const seen: number[] = []
    for (mails of [2, 500, 1, 1, 0]) seen.push((await server.call('/search', { token })).status)
    expect(seen).toEqual([200, 429, 200, 429, 200])
  })
})
