import { describe, expect, it } from 'vitest'
import { aapGuard, aapOf, createGuard, requireCapability } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { expectValidRecord } from '../support/audit.js'
import { sendJson, startApi, type ApiParts } from '../support/api.js'
import { serverKinds, type App, type ServerKind } from '../support/servers.js'
import { stoppedClock } from '../support/stopped-clock.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const options = () => ({ issuer: issuer.trusted, audience: issuer.audience })
const search = (parts: ApiParts, ...more: Parameters<typeof requireCapability>): App => ({
  use: [parts.guard],
  routes: [{ path: '/search', run: [requireCapability(...more), parts.handler('search')] }],
})

describe.each(serverKinds)('%s', (kind: ServerKind) => {
  describe('guard, then requireCapability', () => {
    it('lets the allowed through and refuses the rest, with one decision record each (AUD-1)', async () => {
      const { server, audit, handled } = await startApi(kind, options(), (parts) => search(parts, 'search.web', { target: (req) => req.query.url }))
      const token = await issuer.sign()

      const allowed = await server.call('/search?url=https://docs.example.org/a', { token })
      expect(allowed.status).toBe(200)
      expect(handled).toEqual(['search'])
      expect(audit.results()).toHaveLength(1)
      const decision = audit.decisions()[0]!
      expect(audit.results()[0]).toMatchObject({ correlation_id: decision.correlation_id, status: 200, bytes: Buffer.byteLength(allowed.text) })
      expect(audit.takeDecision()).toMatchObject({
        outcome: 'allow', action: 'search.web', capability_index: 0, method: 'GET', path: '/search', target_host: 'docs.example.org', agent_id: 'agent-researcher-01', task_id: 'task-123',
        issuer: issuer.url,
      })

      const refused = await server.call('/search?url=https://example.com/', { token })
      expect([refused.status, refused.json.error]).toEqual([403, 'aap_domain_not_allowed'])
      expect(handled).toEqual(['search'])
      expect(audit.results()).toHaveLength(0)
      expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 403, rule: 'CON-2' })
    })

    it('CON-2: a repeated parameter is no target, whichever of the two is allowed', async () => {
      const { server, audit, handled } = await startApi(kind, options(), (parts) => search(parts, 'search.web', { target: (req) => req.query.url }))
      for (const query of ['url=https://example.org/&url=https://example.org/', 'url=https://example.org/&url=https://evil.test/', 'url[]=https://example.org/', 'url[a]=https://example.org/', '']) {
        const refused = await server.call(`/search?${query}`, { token: await issuer.sign() })
        expect([query, refused.status, refused.json.error]).toEqual([query, 403, 'aap_domain_not_allowed'])
        audit.takeDecision()
      }
      expect(handled).toEqual([])
    })

    it('TRN-2, TRN-4: without credentials 401, a challenge and no error code', async () => {
      const { server, audit, handled } = await startApi(kind, options(), (parts) => search(parts, 'search.web'))
      const refused = await server.call('/search')
      expect(refused.status).toBe(401)
      expect(refused.header('www-authenticate')).toMatch(/^Bearer\b/)
      expect(refused.header('www-authenticate')).not.toContain('error')
      expect(refused.json).not.toHaveProperty('error')
      expect(handled).toEqual([])
      expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 401, rule: 'TRN-2' })
    })

    it('without a guard before it, requireCapability fails with what to add', async () => {
      const { server, handled } = await startApi(kind, options(), ({ handler }) => ({
        use: [],
        routes: [
          { path: '/search', run: [requireCapability('search.web'), handler('search')] },
          { path: '/any', run: [requireCapability.none('because'), handler('any')] },
        ],
      }))
      for (const path of ['/search', '/any']) {
        const failed = await server.call(path, { token: await issuer.sign() })
        expect(failed.status).toBe(500)
        expect(server.errors.at(-1).message).toContain('app.use(aapGuard())')
      }
      expect(handled).toEqual([])
    })

    it('AUD-1: requireCapability.none lets any authenticated agent through and says why in the record', async () => {
      const { server, audit, operator, handled } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [guard],
        routes: [{ path: '/me', run: [requireCapability.none('everyone may see who they are'), handler('me')] }],
      }))
      expect((await server.call('/me')).status).toBe(401)
      audit.clear()
      expect((await server.call('/me', { token: await issuer.sign() })).status).toBe(200)
      expect(handled).toEqual(['me'])
      expect(audit.results()).toHaveLength(1)
      const record = audit.takeDecision()
      expect(record.outcome).toBe('undecided')
      expect(record.detail).toContain('everyone may see who they are')
      expect(operator.said).toEqual([])
    })

    it('AUD-1: a request that ends without a decision is recorded every time and warned about once a route, 404 only recorded', async () => {
      const { server, audit, operator } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [guard],
        routes: [{ path: '/open', run: [handler('open')] }, { path: '/other', run: [handler('other')] }],
      }))
      const token = await issuer.sign()
      for (const [path, status, warnings] of [['/open?secret=1', 200, 1], ['/open', 200, 1], ['/nowhere', 404, 1], ['/other', 200, 2]] as const) {
        expect((await server.call(path, { token })).status).toBe(status)
        expect(audit.takeDecision()).toMatchObject({ outcome: 'undecided', status, path: path.split('?')[0], agent_id: 'agent-researcher-01' })
        expect(operator.said.filter(({ level }) => level === 'warn')).toHaveLength(warnings)
      }
      expect(operator.said[0]!.message).toContain('requireCapability')
      expect(JSON.stringify(operator.said)).not.toContain('secret')
    })
  })

  describe('the option routes', () => {
    const routes = {
      'GET /health': { public: true as const },
      'GET /search': { action: 'search.web', target: (req: any) => req.query.url },
      'POST /drafts': 'cms.draft',
    }
    const app = ({ guard, handler }: ApiParts): App => ({
      use: [guard],
      routes: [{ path: '/health', run: [handler('health')] }, { path: '/search', run: [handler('search')] }, { method: 'POST', path: '/drafts', run: [handler('drafts')] }, { path: '/hidden', run: [handler('hidden')] }],
    })

    it('RTE-1: lets listed routes through, denies everything unlisted, and needs no token for public ones', async () => {
      const { server, audit, handled } = await startApi(kind, { ...options(), routes }, app)
      const token = await issuer.sign()
      const cases = [
        ['GET', '/search?url=https://example.org/', token, 200, 'allow'],
        ['HEAD', '/search?url=https://example.org/', token, 200, 'allow'],
        ['HEAD', '/search?url=https://example.com/', token, 403, 'deny'],
        ['POST', '/drafts', token, 200, 'allow'],
        ['GET', '/drafts', token, 403, 'deny'],
        ['POST', '/search?url=https://example.org/', token, 403, 'deny'],
        ['OPTIONS', '/search?url=https://example.org/', token, 403, 'deny'],
        ['GET', '/hidden', token, 403, 'deny'],
        ['GET', '/hidden', undefined, 401, 'deny'],
        ['GET', '/health', undefined, 200, 'allow'],
        ['HEAD', '/health', undefined, 200, 'allow'],
        ['GET', '/health', 'rubbish', 200, 'allow'],
        ['POST', '/health', undefined, 401, 'deny'],
      ] as const
      for (const [method, path, credentials, status, outcome] of cases) {
        handled.length = 0
        const answer = await server.call(path, { method, ...(credentials !== undefined && { token: credentials }) })
        expect([method, path, answer.status]).toEqual([method, path, status])
        expect(handled).toHaveLength(outcome === 'allow' ? 1 : 0)
        const record = audit.takeDecision()
        expect(record).toMatchObject({ outcome, method, path: path.split('?')[0] })
        if (status === 403 && !path.startsWith('/search?url=https://example.com')) expect(record.rule).toBe('RTE-1')
      }
    })
  })

  describe('what handlers see', () => {
    it('AUD-5: req.aap replaces what was there, is deeply frozen, and writing to it moves nothing', async () => {
      const seen: any[] = []
      const { server } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [(req, _res, next) => { req.aap = { agent: { id: 'forged' }, capabilities: [{ action: 'cms.publish' }] }; next() }, guard],
        routes: [{
          path: '/search',
          run: [
            (req, _res, next) => {
              seen.push(req.aap)
              req.aap = { agent: { id: 'forged' }, capabilities: [{ action: 'cms.publish' }] }
              next()
            },
            requireCapability('search.web', { target: (req) => req.query.url }),
            handler('search', (req, res) => { seen.push(req.aap, aapOf(req)); sendJson(res, {}) }),
          ],
        }],
      }))
      expect((await server.call(`/search?url=${encodeURIComponent('HTTPS://Example.ORG.:443/a?b#c')}`, { token: await issuer.sign({ aap_audit: { trace_id: 't-1' }, aap_oversight: { approval_workflow: { type: 'x', nested: { deep: [1] } } } }) })).status).toBe(200)
      const [before, after, typed] = seen
      expect(before).toMatchObject({ agent: { id: 'agent-researcher-01' }, token: { kind: 'jwt', issuer: issuer.url } })
      expect(before).not.toHaveProperty('decision')
      expect(after).toBe(typed)
      expect(after).toMatchObject({
        agent: { id: 'agent-researcher-01' }, task: { id: 'task-123' }, delegation: { depth: 0 }, audit: { traceId: 't-1' },
        decision: { capability: { action: 'search.web', index: 0 } },
        target: 'https://example.org/a?b#c',
      })
      expectDeeplyFrozen(before)
      expectDeeplyFrozen(after)
    })

    it('AUD-5: a property that was defined to resist is replaced as well', async () => {
      const { server } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [(req, _res, next) => { Object.defineProperty(req, 'aap', { configurable: true, get: () => 'forged' }); next() }, guard],
        routes: [{ path: '/me', run: [requireCapability.none('test'), handler('me', (req, res) => { sendJson(res, req.aap) })] }],
      }))
      const answer = await server.call('/me', { token: await issuer.sign() })
      expect([answer.status, answer.json.agent?.id]).toEqual([200, 'agent-researcher-01'])
    })

    it('AUD-5: a forged req.aap does not survive on a public route, and aapOf says what is missing', async () => {
      const { server } = await startApi(kind, { ...options(), routes: { 'GET /health': { public: true } } }, ({ guard, handler }) => ({
        use: [(req, _res, next) => { req.aap = { agent: { id: 'forged' } }; next() }, guard],
        routes: [{
          path: '/health',
          run: [handler('health', (req, res) => {
            let message = ''
            try { aapOf(req) } catch (error) { message = (error as Error).message }
            sendJson(res, { aap: req.aap ?? null, message })
          })],
        }],
      }))
      const answer = await server.call('/health')
      expect(answer.json).toMatchObject({ aap: null, message: expect.stringContaining('aapGuard') })
    })
  })

  describe('guarding twice', () => {
    const quota = () => issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_hour: 2 } }] })

    it.each([
      ['the middleware twice, then requireCapability', ({ guard, handler }: ApiParts): App => ({ use: [guard, guard], routes: [{ path: '/search', run: [requireCapability('search.web'), handler('search')] }] })],
      ['requireCapability twice', ({ guard, handler }: ApiParts): App => ({ use: [guard], routes: [{ path: '/search', run: [requireCapability('search.web'), requireCapability('search.web'), handler('search')] }] })],
      ['guard and requireCapability, twice in turn', ({ guard, handler }: ApiParts): App => ({ use: [guard], routes: [{ path: '/search', run: [requireCapability('search.web'), guard, requireCapability('search.web'), handler('search')] }] })],
    ])('QTA-2, AUD-1: %s counts once and leaves one record of each kind', async (_title, app) => {
      const { server, audit, handled } = await startApi(kind, { ...options(), ...stoppedClock() }, app)
      const token = await quota()
      for (const status of [200, 200, 429]) {
        expect((await server.call('/search', { token })).status).toBe(status)
        expect(audit.results()).toHaveLength(status === 200 ? 1 : 0)
        audit.takeDecision()
      }
      expect(handled).toHaveLength(2)
    })

    it('QTA-2, AUD-1: the option routes twice, and then requireCapability for the same action', async () => {
      const { server, audit, handled } = await startApi(kind, { ...options(), ...stoppedClock(), routes: { 'GET /search': 'search.web' } }, ({ guard, handler }) => ({
        use: [guard, guard],
        routes: [{ path: '/search', run: [requireCapability('search.web'), handler('search', (req, res) => { sendJson(res, { id: req.aap.decision.correlationId }) })] }],
      }))
      const token = await quota()
      for (const status of [200, 200, 429]) {
        const answer = await server.call('/search', { token })
        expect(answer.status).toBe(status)
        const { correlation_id } = audit.takeDecision()
        if (status === 200) expect(answer.json.id, 'req.aap names the decision that is in the audit trail').toBe(correlation_id)
      }
      expect(handled).toHaveLength(2)
    })

    it('QTA-2, CAP-3: the second look keeps the capability that admitted the request', async () => {
      const { server } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [guard],
        routes: [{ path: '/search', run: [requireCapability('search.web'), requireCapability('search.web'), handler('search', (req, res) => { sendJson(res, req.aap.decision.capability) })] }],
      }))
      const token = await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_hour: 0 } }, ...capabilities('search.web')] })
      expect((await server.call('/search', { token })).json).toEqual({ action: 'search.web', index: 1 })
    })

    it('AUD-1: a guard that refuses what an earlier one let through leaves the only record', async () => {
      const { server, audit, handled } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [guard, aapGuard(createGuard({ ...options(), audience: 'https://other.example.com', audit: { write: (record) => { inner.push(record) } } }))],
        routes: [{ path: '/search', run: [handler('search')] }],
      }))
      const inner: unknown[] = []
      expect((await server.call('/search', { token: await issuer.sign() })).status).toBe(401)
      expect(handled).toEqual([])
      for (const record of [...inner, ...audit.records]) expectValidRecord(record)
      expect([...inner, ...audit.records]).toEqual([expect.objectContaining({ kind: 'decision', outcome: 'deny', rule: 'TOK-5' })])
    })

    it('AUD-1: a public route of a second guard leaves the only record', async () => {
      const inner: unknown[] = []
      const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [guard, aapGuard(createGuard({ ...options(), routes: { 'GET /health': { public: true } }, audit: { write: (record) => { inner.push(record) } } }))],
        routes: [{ path: '/health', run: [handler('health')] }],
      }))
      expect((await server.call('/health', { token: await issuer.sign() })).status).toBe(200)
      expect([...inner, ...audit.records]).toEqual([expect.objectContaining({ kind: 'decision', outcome: 'allow' })])
    })

    it('AUD-1: a guard that only authenticates adds no record to one that decided', async () => {
      const { server, audit } = await startApi(kind, { ...options(), routes: { 'GET /search': 'search.web' } }, ({ guard, handler }) => ({
        use: [guard, aapGuard(createGuard({ ...options(), audit: { write: (record) => { inner.push(record) } } }))],
        routes: [{ path: '/search', run: [handler('search')] }],
      }))
      const inner: unknown[] = []
      const token = await issuer.sign({ aap_capabilities: capabilities('search.web') })
      expect((await server.call('/search', { token })).status).toBe(200)
      const decisions = [...audit.records, ...inner].filter((record) => (record as any).kind === 'decision')
      expect(decisions).toEqual([expect.objectContaining({ outcome: 'allow', action: 'search.web' })])
    })

    it('AUD-1: requireCapability.none before requireCapability leaves one record', async () => {
      const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({
        use: [guard],
        routes: [{ path: '/search', run: [requireCapability.none('a router for all'), requireCapability('search.web'), handler('search')] }],
      }))
      expect((await server.call('/search', { token: await issuer.sign({ aap_capabilities: capabilities('search.web') }) })).status).toBe(200)
      expect(audit.takeDecision()).toMatchObject({ outcome: 'allow', action: 'search.web' })
    })
  })

  it('ERR-2: an error of the handler is the server\'s, and the result record has its status', async () => {
    const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/search', run: [requireCapability('search.web'), (_req, _res, next) => { next(new Error('handler')) }, handler('never')] }],
    }))
    expect((await server.call('/search', { token: await issuer.sign({ aap_capabilities: capabilities('search.web') }) })).status).toBe(500)
    expect(audit.results()).toMatchObject([{ status: 500 }])
    expect(audit.takeDecision().outcome).toBe('allow')
  })
})

describe.each(serverKinds.filter((kind) => kind !== 'node:http'))('%s with a mount point', (kind) => {
  it('RTE-1: routes match the path below it, and the record has the whole path', async () => {
    const { server, audit, handled } = await startApi(kind, { ...options(), routes: { 'GET /': 'search.web', 'GET /search': 'search.web' } }, ({ guard, handler }) => ({
      use: [{ at: '/api', run: guard }, { at: '/api', run: handler('api') }],
      routes: [{ path: '/search', run: [handler('outside')] }],
    }))
    const token = await issuer.sign({ aap_capabilities: capabilities('search.web') })
    for (const [path, status] of [['/api/search?x=1', 200], ['/api', 200], ['/api/', 200], ['/API/SEARCH/', 200], ['/api/api/search', 403], ['/api//search', 403], ['/api/%2e/search', 403]] as const) {
      handled.length = 0
      expect([path, (await server.call(path, { token })).status]).toEqual([path, status])
      expect(handled).toEqual(status === 200 ? ['api'] : [])
      expect(audit.takeDecision()).toMatchObject({ outcome: status === 200 ? 'allow' : 'deny', path: path.split('?')[0] })
    }
    expect((await server.call('/search', { token })).json).toEqual({ handled: 'outside' })
    expect(audit.records).toEqual([])
  })

  it('guards everything below it in two steps', async () => {
    const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [{ at: '/api', run: guard }, { at: '/api', run: requireCapability('search.web') }, { at: '/api', run: handler('api') }],
      routes: [],
    }))
    expect((await server.call('/api/deep/path', { token: await issuer.sign({ aap_capabilities: capabilities('search.web') }) })).status).toBe(200)
    expect(audit.takeDecision()).toMatchObject({ outcome: 'allow', path: '/api/deep/path' })
  })
})

function expectDeeplyFrozen(value: unknown, path = 'req.aap'): void {
  if (typeof value !== 'object' || value === null) return
  expect(Object.isFrozen(value), path).toBe(true)
  for (const [name, member] of Object.entries(value)) expectDeeplyFrozen(member, `${path}.${name}`)
}
