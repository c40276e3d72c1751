import { describe, expect, it } from 'vitest'
import { createGuard, type GuardOptions } from '../../src/index.js'
import { useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi, sendJson } from '../support/api.js'
import type { ServerKind } from '../support/servers.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const options = (routes: GuardOptions['routes'], more: GuardOptions = {}): GuardOptions => ({ issuer: issuer.trusted, audience: issuer.audience, ...(routes !== undefined && { routes }), ...more })

/** One action for each route, so that the decision record says which route was taken. */
const routes = {
  'GET /': 'route.root',
  'GET /search': 'route.search',
  'GET /posts/:id': 'route.post',
  'GET /posts/new': 'route.new',
  'GET /posts/:id/comments': 'route.comments',
  'GET /posts/new/:field': 'route.field',
  'GET /files/*rest': 'route.files',
  'GET /files/:name': 'route.file',
  'POST /posts/new': 'route.create',
}
const token = () => issuer.sign({ aap_capabilities: Object.values(routes).map((action) => ({ action, constraints: {} })) })

/** All answer through one handler, whatever path it is: what the guard lets through is seen. */
async function startAnyPath(kind: ServerKind, table: GuardOptions['routes'] = routes, more?: GuardOptions) {
  return startApi(kind, options(table, more), ({ guard, handler }) => ({ use: [guard, handler('any')], routes: [] }))
}

describe.each(['Express 5', 'Express 4', 'Connect', 'node:http'] as const)('RTE-1 on %s, over raw TCP', (kind) => {
  it('matches by segment, ignoring case and one trailing slash; literal before parameter before rest', async () => {
    const { server, audit, handled } = await startAnyPath(kind)
    const authorization = [`Authorization: Bearer ${await token()}`]
    const cases: [method: string, target: string, action: string][] = [
      ['GET', '/', 'route.root'],
      ['GET', '/?x=1', 'route.root'],
      ['GET', '/search', 'route.search'],
      ['GET', '/SeArCh/', 'route.search'],
      ['GET', '/search?a=//../;%2f#', 'route.search'],
      ['HEAD', '/search', 'route.search'],
      ['GET', '/posts/7', 'route.post'],
      ['GET', '/posts/new', 'route.new'],
      ['GET', '/posts/NEW/', 'route.new'],
      ['POST', '/posts/new', 'route.create'],
      ['GET', '/posts/new/comments', 'route.field'],
      ['GET', '/posts/7/comments', 'route.comments'],
      ['GET', '/files/a', 'route.file'],
      ['GET', '/files/a/b/c', 'route.files'],
      ['GET', '/posts/a%20b', 'route.post'],
      ['GET', '/posts/...', 'route.post'],
    ]
    for (const [method, target, action] of cases) {
      const answer = await server.sendTarget(target, authorization, { method })
      expect([method, target, answer.status]).toEqual([method, target, 200])
      expect([target, audit.takeDecision().action]).toEqual([target, action])
    }
    expect(handled).toHaveLength(cases.length)
  })

  it('denies what no route lists and every path that parsers read differently', async () => {
    const { server, audit, handled } = await startAnyPath(kind)
    const authorization = [`Authorization: Bearer ${await token()}`]
    const targets = [
      '/nothing', '/search/x', '/posts', '/files', '/files/', '/searc', '/search2', '/%73earch', '/search%20',
      '//search', '/search//', '/posts//7', '/files/a//b', '//', '/\\search', '/search\\', '/files\\a',
      '/./search', '/search/.', '/../search', '/posts/../search', '/files/a/..', '/files/..', '/.', '/..',
      '/search;', '/search;a=1', '/posts/7;x', '/search#', '/search#x', '/posts/7#?x',
      '/search%00', '/posts/%00', '/files/a%2fb', '/files/a%2Fb', '/files/a%5cb', '/files/a%5Cb', '/posts/%2e', '/posts/%2E%2e', '/files/%2e%2e/search', '/posts/7%25', '/files/%252fa',
      '/posts/%', '/posts/%zz', '/posts/%2',
      'http://api.example.com/search', 'http://evil.test/search', 'https://api.example.com/',
    ]
    for (const target of targets) {
      const answer = await server.sendTarget(target, authorization)
      expect([target, answer.status, answer.status === 403 && answer.json.error]).toEqual([target, 403, 'aap_invalid_capability'])
      expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'RTE-1' })
    }
    const star = await server.sendTarget('*', authorization, { method: 'OPTIONS' })
    // Connect takes `*` for no path at all and runs no middleware.
    expect(star.status).toBe(kind === 'Connect' ? 404 : 403)
    if (kind !== 'Connect') expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'RTE-1' })
    expect(handled).toEqual([])
  })

  it('denies bytes outside printable ASCII, or the server does', async () => {
    const { server, audit, handled } = await startAnyPath(kind)
    const authorization = [`Authorization: Bearer ${await token()}`]
    for (const target of ['/posts/\x00', '/posts/\x01', '/posts/\x7f', '/posts/\t', '/posts/\xff', '/posts/\xe2\x80\xae', '/posts/\xef\xbc\x8f']) {
      const answer = await server.sendTarget(target, authorization)
      expect([400, 403], JSON.stringify(target)).toContain(answer.status)
      // What Node's own parser refuses never reaches the guard.
      if (answer.status === 403) audit.takeDecision()
    }
    expect(handled).toEqual([])
  })

  it('an unlisted path is refused only after it is known who asks (ORD-1)', async () => {
    const { server, audit } = await startAnyPath(kind)
    for (const target of ['/nothing', '//search', 'http://api.example.com/search']) {
      expect((await server.sendTarget(target, [], { method: 'OPTIONS' })).status).toBe(401)
      expect(audit.takeDecision().rule).toBe('TRN-2')
    }
  })

  it('a public route does not open its neighbours or ambiguous spellings of itself', async () => {
    const { server, audit, handled } = await startAnyPath(kind, { 'GET /health': { public: true }, 'GET /public/*rest': { public: true }, 'GET /admin/:id': 'admin.read' })
    for (const target of ['/health', '/HEALTH/', '/public/a/b', '/health?x']) {
      expect([target, (await server.sendTarget(target)).status]).toEqual([target, 200])
      expect(audit.takeDecision()).toMatchObject({ outcome: 'allow', rule: 'RTE-1' })
    }
    handled.length = 0
    for (const target of ['/health/x', '/public', '/public/', '/public/../admin/1', '/public/%2e%2e/admin/1', '/public/..%2fadmin/1', '/public/a;/../../admin', '/public//admin', '/public\\..\\admin', '/admin/health', '/health%2f']) {
      expect([target, (await server.sendTarget(target)).status]).toEqual([target, 401])
      audit.takeDecision()
    }
    expect(handled).toEqual([])
  })

  it('callbacks get the route\'s parameters and the query', async () => {
    const seen: unknown[] = []
    const { server } = await startApi(kind, options({ 'GET /posts/:id/files/*path': { action: (req) => { seen.push({ ...req.params }, req.query.q, req.method); return 'route.post' } } }), ({ guard, handler }) => ({
      use: [guard, handler('any', (_req, res) => { sendJson(res, {}) })],
      routes: [],
    }))
    expect((await server.call('/posts/A7/files/b/c?q=%20x', { token: await token() })).status).toBe(200)
    expect(seen).toEqual([{ id: 'A7', path: 'b/c' }, ' x', 'GET'])
  })

  it.each([
    ['undefined', () => undefined], ['null', () => null], ['a number', () => 5], ['an empty name', () => ''], ['no name', () => 'not an action'], ['a wildcard', () => 'route.*'],
    ['a list', () => ['route.root']], ['a String object', () => new String('route.root')], ['a name of 129 characters', () => 'a'.repeat(129)], ['a promise of nothing', async () => undefined],
  ])('an action resolver that yields %s: 403 aap_invalid_capability', async (_what, action) => {
    const { server, audit, handled } = await startAnyPath(kind, { 'GET /x': { action } })
    const answer = await server.call('/x', { token: await token() })
    expect([answer.status, answer.json.error]).toEqual([403, 'aap_invalid_capability'])
    expect(audit.takeDecision().rule).toBe('RTE-1')
    expect(handled).toEqual([])
  })
})

describe('RTE-1 at start-up', () => {
  const make = (table: any) => () => createGuard({ issuer: 'https://as.example.com', audience: 'https://api.example.com', audit: [], routes: table })

  it.each<[string, any]>([
    ['two names of one parameter', { 'GET /a/:x': 'a', 'GET /a/:y': 'b' }],
    ['case', { 'GET /a': 'a', 'GET /A': 'b' }],
    ['a trailing slash', { 'GET /a': 'a', 'GET /a/': 'b' }],
    ['two names of one rest', { 'GET /a/*x': 'a', 'GET /a/*y': 'b' }],
    ['a public route and another', { 'GET /a/:x': { public: true }, 'GET /a/:y': 'b' }],
  ])('two entries that tie by %s are an error that names both', (_what, table) => {
    expect(make(table)).toThrow(TypeError)
    for (const key of Object.keys(table)) expect(make(table)).toThrow(key)
  })

  it.each<[string, any]>([
    ['no method', { '/a': 'a' }], ['no slash', { 'GET a': 'a' }], ['lower case', { 'get /a': 'a' }], ['a query', { 'GET /a?b': 'a' }], ['a fragment', { 'GET /a#b': 'a' }], ['two spaces', { 'GET  /a': 'a' }],
    ['a double slash', { 'GET /a//b': 'a' }], ['a dot segment', { 'GET /a/../b': 'a' }], ['a semicolon', { 'GET /a;b': 'a' }], ['a backslash', { 'GET /a\\b': 'a' }], ['an encoded slash', { 'GET /a%2fb': 'a' }],
    ['a rest in the middle', { 'GET /*rest/b': 'a' }], ['a part of a segment', { 'GET /a-:id': 'a' }], ['a bare asterisk', { 'GET /*': 'a' }], ['a regular expression', { 'GET /a(.*)': 'a' }], ['an optional', { 'GET /a{/b}': 'a' }],
    ['a parameter twice', { 'GET /:a/:a': 'a' }], ['beyond ASCII', { 'GET /ä': 'a' }],
    ['a name that is no action', { 'GET /a': 'not an action' }], ['an empty action', { 'GET /a': '' }], ['no action', { 'GET /a': {} }], ['null', { 'GET /a': null }], ['a number', { 'GET /a': 1 }],
    ['public false', { 'GET /a': { public: false } }], ['public and an action', { 'GET /a': { public: true, action: 'a' } }], ['an unknown option', { 'GET /a': { action: 'a', tarqet: 'https://a.test' } }],
    ['a later option', { 'GET /a': { action: 'a', significant: true } }], ['critical as a word', { 'GET /a': { action: 'a', critical: 'yes' } }], ['a wrong fact', { 'GET /a': { action: 'a', classification: 'secret' } }],
    ['no object', 'GET /a'], ['null', null],
  ])('an entry with %s is an error', (_what, table) => {
    expect(make(table)).toThrow(TypeError)
  })

  it.each<[string, any]>([
    ['literal and parameter', { 'GET /a/b': 'a', 'GET /a/:x': 'b' }],
    ['parameter and rest', { 'GET /a/:x': 'a', 'GET /a/*x': 'b' }],
    ['two methods', { 'GET /a': 'a', 'POST /a': 'b' }],
    ['parameters of different depth', { 'GET /:a': 'a', 'GET /:a/:b': 'b' }],
  ])('%s do not tie', (_what, table) => {
    expect(make(table)).not.toThrow()
  })

  it('what was probably meant is said', () => {
    expect(make({ 'GET /a': { action: 'a', tarqet: 'https://a.test' } })).toThrow('did you mean `target`')
    expect(make({ 'GET /a': { action: 'a', significant: [] } })).toThrow('does not exist yet')
  })
})
