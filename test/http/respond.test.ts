import { describe, expect, it } from 'vitest'
import { requireCapability, type GuardOptions } from '../../src/index.js'
import { useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { sendJson, startApi } from '../support/api.js'
import { serverKinds, type ServerKind } from '../support/servers.js'

const issuer = useTestIssuer()
expectHealthyProcess()

/** Both ways to be refused: by the guard, and by the route. */
async function startRefusing(kind: ServerKind, respond: NonNullable<GuardOptions['respond']>) {
  return startApi(kind, { issuer: issuer.trusted, audience: issuer.audience, hookTimeoutMs: 20, respond }, ({ guard, handler }) => ({
    use: [guard],
    routes: [{ path: '/search', run: [requireCapability('no.such'), handler('search')] }],
  }))
}

describe.each(serverKinds)('respond on %s', (kind) => {
  it('shapes a denial from its public side only', async () => {
    const given: any[] = []
    const { server, audit, handled } = await startRefusing(kind, (denial, req, res) => {
      given.push(denial, req.url)
      res.writeHead(denial.status, { 'x-own': 'yes', 'www-authenticate': denial.headers['www-authenticate'] })
      res.end(`sorry: ${denial.error ?? 'none'}`)
    })
    const answer = await server.call('/search', { token: await issuer.sign() })
    expect([answer.status, answer.text, answer.header('x-own')]).toEqual([403, 'sorry: aap_invalid_capability', 'yes'])
    const { correlation_id } = audit.takeDecision()
    const [denial, url] = given
    expect(url).toBe('/search')
    expect(Object.keys(denial).sort()).toEqual(['body', 'correlationId', 'description', 'error', 'headers', 'status'])
    expect(denial.correlationId).toBe(correlation_id)
    expect(JSON.stringify(denial)).not.toMatch(/CAP-2|no\.such/)
    expect(Object.isFrozen(denial) && Object.isFrozen(denial.headers) && Object.isFrozen(denial.body)).toBe(true)
    expect(handled).toEqual([])
  })

  it.each<[string, NonNullable<GuardOptions['respond']>]>([
    ['throws', () => { throw new Error('respond') }],
    ['throws null', () => { throw null }],
    ['rejects', () => Promise.reject(new Error('respond'))],
    ['rejects with undefined', () => Promise.reject(undefined)],
    ['never settles', () => new Promise(() => undefined)],
    ['is a thenable that throws', () => ({ then() { throw new Error('then') } })],
  ])('ERR-2: where it %s the default is sent', async (_what, respond) => {
    const { server, audit, operator, handled } = await startRefusing(kind, respond)
    for (const [token, status] of [[undefined, 401], [await issuer.sign(), 403]] as const) {
      const answer = await server.call('/search', token === undefined ? {} : { token })
      expect(answer.status).toBe(status)
      expect(answer.json.error_correlation_id).toBe(audit.takeDecision().correlation_id)
      expect(answer.header('www-authenticate')).toBeDefined()
    }
    expect(handled).toEqual([])
    expect(operator.said.map(({ level }) => level)).toContain('error')
  })

  it('ERR-2: an answer that was begun and then fails is cut, and does not look whole', async () => {
    const { server, handled } = await startRefusing(kind, (_denial, _req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('half')
      throw new Error('respond')
    })
    await expect(server.call('/search')).rejects.toThrow()
    await server.idle()
    expect(handled).toEqual([])
  })

  it('ERR-2: one that answers after the default was sent does no harm', async () => {
    let goOn = (): void => undefined
    const late = new Promise<void>((resolve) => { goOn = resolve })
    const { server, handled } = await startRefusing(kind, async (_denial, _req, res, next) => {
      await late
      next()
      sendJson(res, { late: true })
    })
    expect((await server.call('/search')).status).toBe(401)
    goOn()
    expect(handled).toEqual([])
  })

  it.each<[string, (next: (error?: unknown) => void) => void]>([
    ['next()', (next) => { next() }],
    ['next(null)', (next) => { next(null) }],
    ['next(false)', (next) => { next(false) }],
    ['next(0)', (next) => { next(0) }],
    ['next(\'\')', (next) => { next('') }],
    ['next(NaN)', (next) => { next(NaN) }],
    ['next(\'route\')', (next) => { next('route') }],
    ['next(\'router\')', (next) => { next('router') }],
  ])('%s hands on an error with the denial\'s status, and never lets the request through', async (_what, callNext) => {
    const { server, audit, handled } = await startRefusing(kind, (_denial, _req, _res, next) => { callNext(next) })
    for (const [token, status] of [[await issuer.sign(), 403], [undefined, 401]] as const) {
      const answer = await server.call('/search', token === undefined ? {} : { token })
      expect(handled, 'handlers that ran').toEqual([])
      expect([answer.status, answer.json]).toEqual([status, { handled_by: 'the error handler' }])
      audit.takeDecision()
    }
    expect(server.errors).toMatchObject([{ status: 403, code: 'aap_invalid_capability' }, { status: 401 }])
  })

  it('next(error) hands on that error', async () => {
    const { server, handled } = await startRefusing(kind, (_denial, _req, _res, next) => { next(Object.assign(new Error('mine'), { status: 418 })) })
    expect((await server.call('/search')).status).toBe(418)
    expect(server.errors).toMatchObject([{ message: 'mine' }])
    expect(handled).toEqual([])
  })
})
