import { METHODS } from 'node:http'
import { describe, expect, it } from 'vitest'
import { compileRoutes } from '../../src/guard/route-table.js'

/** What a path leads to: the action, its parameters, `public`, or nothing. */
function match(routes: Record<string, unknown>, request: string, originalPath?: string): unknown {
  const [method = '', path = ''] = request.split(' ')
  const found = compileRoutes(routes).match(method, path, originalPath ?? path)
  if (found === undefined) return undefined
  const action = found.route === undefined ? 'public' : found.route.action
  return Object.keys(found.params).length === 0 ? action : [action, { ...found.params }]
}

const routes = {
  'GET /': 'root',
  'GET /search': 'search.web',
  'POST /search': 'search.save',
  'GET /posts/:id': 'posts.read',
  'GET /posts/latest': 'posts.latest',
  'POST /posts/:id/publish': 'cms.publish',
  'GET /posts/:id/:part': 'posts.part',
  'GET /files/*path': 'files.read',
  'GET /files/:name/meta': 'files.meta',
  'GET /health': { public: true },
  'HEAD /posts/latest': 'posts.head',
}

describe('RTE-1: routes match the path, ignoring case and one trailing slash', () => {
  it.each([
    ['GET /', 'root'],
    ['GET /search', 'search.web'],
    ['GET /search/', 'search.web'],
    ['GET /SEARCH', 'search.web'],
    ['POST /search', 'search.save'],
    ['GET /posts/7', ['posts.read', { id: '7' }]],
    ['GET /posts/7/', ['posts.read', { id: '7' }]],
    ['GET /Posts/Seven', ['posts.read', { id: 'Seven' }]],
    ['GET /posts/a%20b', ['posts.read', { id: 'a%20b' }]],
    ['POST /posts/7/publish', ['cms.publish', { id: '7' }]],
    ['GET /health', 'public'],
    ['GET /files/a', ['files.read', { path: 'a' }]],
    ['GET /files/a/b/c', ['files.read', { path: 'a/b/c' }]],
    ['HEAD /search', 'search.web'],
    ['HEAD /posts/latest', 'posts.head'],
    ['HEAD /posts/7', ['posts.read', { id: '7' }]],
  ])('%s', (request, expected) => {
    expect(match(routes, request)).toEqual(expected)
  })

  it.each([
    ['GET /posts/latest', 'posts.latest'],
    ['GET /posts/LATEST', 'posts.latest'],
    ['GET /files/a/meta', ['files.meta', { name: 'a' }]],
    ['GET /files/a/other', ['files.read', { path: 'a/other' }]],
    ['GET /files/a/meta/b', ['files.read', { path: 'a/meta/b' }]],
    ['GET /posts/latest/comments', ['posts.part', { id: 'latest', part: 'comments' }]],
  ])('literal before pattern, segment by segment: %s', (request, expected) => {
    expect(match(routes, request)).toEqual(expected)
  })

  it.each(['GET /nothing', 'DELETE /search', 'get /search', 'OPTIONS /search', 'HEAD /nothing', 'PUT /', 'GET /posts', 'GET /posts/', 'GET /search/x', 'GET /files', 'GET /files/', 'POST /health', 'GET /searching', 'GET /searc', '* /search', ' /search'])('nothing: %s', (request) => {
    expect(match(routes, request)).toBeUndefined()
  })
})

describe('RTE-1: a path that parsers read differently matches no route', () => {
  const open = { 'GET /*rest': 'a', 'GET /': 'a', 'GET /:one': 'a' }
  const ambiguous = [
    '//', '//search', '/a//b', '/a//', '\\search', '/a\\b', '/./search', '/../search', '/a/..', '/a/.', '/a/./b', '/a/../b', '/..', '/.', '/a;b', '/a;jsessionid=1', '/a#b',
    '/%2f', '/a%2Fb', '/a%5cb', '/a%5Cb', '/%2e', '/%2E%2e/a', '/a%2eb', '/%25', '/a%252fb', '/%00', '/a%00', '/\0', '/a\0', '/a b', '/a\tb', '/a\nb', '/\u00e9', '/a%', '/a%2', '/a%zz', '/a%u002f', '', 'search', 'http://example.org/search', '*',
  ]

  it.each(ambiguous)('%j', (path) => {
    expect(compileRoutes(open).match('GET', path, path)).toBeUndefined()
  })

  it.each(ambiguous)('also where only the original path is: %j', (path) => {
    expect(compileRoutes(open).match('GET', '/search', path)).toBeUndefined()
  })

  it.each(['/a.b', '/.well-known/x', '/a..b', '/...', '/a%20b', '/%41', '/a%3Ab', '/~user', '/a:b', '/a@b', '/a=b&c', '/a,b', '/a|b', '/a%C3%A9'])('%j is read one way only', (path) => {
    expect(compileRoutes(open).match('GET', path, path)?.route?.action).toBe('a')
  })
})

describe('RTE-1: what cannot be meant fails at start-up', () => {
  it.each<[string, unknown]>([
    ['GET', 'a'], ['/search', 'a'], ['get /search', 'a'], ['GET search', 'a'], ['GET  /search', 'a'], ['GET /search ', 'a'], [' GET /search', 'a'], ['GET /a?b', 'a'], ['GET /a#b', 'a'], ['', 'a'], ['* /a', 'a'], ['ALL /a', 'a'], ['GOT /a', 'a'], ['X-GET /a', { public: true }],
    ['GET /a//b', 'a'], ['GET //', 'a'], ['GET /a/..', 'a'], ['GET /a;b', 'a'], ['GET /a%2fb', 'a'], ['GET /\u00e9', 'a'], ['GET /a\\b', 'a'],
    ['GET /:', 'a'], ['GET /*', 'a'], ['GET /:id.json', 'a'], ['GET /a:id', 'a'], ['GET /*rest/more', 'a'], ['GET /a*', 'a'], ['GET /{a}', 'a'], ['GET /a+', 'a'], ['GET /(a)', 'a'], ['GET /:id?', 'a'], ['GET /:1', 'a'], ['GET /:a/:a', 'a'], ['GET /:a/*a', 'a'],
    ['GET /a', ''], ['GET /a', 'a b'], ['GET /a', 'search.*'], ['GET /a', null], ['GET /a', 1], ['GET /a', true], ['GET /a', ['a']], ['GET /a', {}], ['GET /a', { action: '' }], ['GET /a', { action: 1 }], ['GET /a', () => 'a'],
    ['GET /a', { public: false }], ['GET /a', { public: 'true' }], ['GET /a', { public: true, action: 'a' }],
    ['GET /a', { action: 'a', target: 1 }], ['GET /a', { action: 'a', addresses: '192.0.2.1' }], ['GET /a', { action: 'a', addresses: [1] }], ['GET /a', { action: 'a', amount: '1' }], ['GET /a', { action: 'a', amount: NaN }],
    ['GET /a', { action: 'a', quantities: { emails: -1 } }], ['GET /a', { action: 'a', quantities: { emails: 0.5 } }], ['GET /a', { action: 'a', quantities: 1 }], ['GET /a', { action: 'a', classification: 'secret' }], ['GET /a', { action: 'a', purposes: 'p' }], ['GET /a', { action: 'a', purposes: [1] }], ['GET /a', { action: 'a', purposes: true }],
    ['GET /a', { action: 'a', region: 'de' }], ['GET /a', { action: 'a', region: 'DEU' }], ['GET /a', { action: 'a', approval: true }], ['GET /a', { action: 'a', approval: 'Required' }], ['GET /a', { action: 'a', approval: () => 'required' }], ['GET /a', { action: 'a', zone: 'z' }],
  ])('%j: %j', (key, entry) => {
    expect(() => compileRoutes({ [key]: entry })).toThrow(TypeError)
  })

  it('every method that node:http reads can be meant, and no other', () => {
    for (const method of METHODS) expect(match({ [`${method} /a`]: 'a' }, `${method} /a`)).toBe('a')
    expect(() => compileRoutes({ 'GOT /a': 'a' })).toThrow(/^option `routes`: in "GOT \/a" GOT is no method/)
  })

  it('a misspelt member of an entry is named with what was meant', () => {
    expect(() => compileRoutes({ 'GET /a': { acton: 'a' } })).toThrow(/did you mean `action`/)
  })

  it.each([null, 'x', 1, []])('routes that are %j', (given) => {
    expect(() => compileRoutes(given as never)).toThrow(TypeError)
  })

  it.each([
    ['GET /a', 'GET /a/'], ['GET /a', 'GET /A'], ['GET /:x', 'GET /:y'], ['GET /:x/b', 'GET /:y/B/'], ['GET /*x', 'GET /*y'], ['GET /a/:x/*r', 'GET /a/:y/*s'],
  ])('two that can tie: %s and %s', (one, other) => {
    expect(() => compileRoutes({ [one]: 'a', [other]: 'b' })).toThrow(/match the same requests/)
  })

  it.each([['GET /a', 'POST /a'], ['GET /a', 'HEAD /a'], ['GET /:x', 'GET /*y'], ['GET /:x', 'GET /a'], ['GET /:x/a', 'GET /:y/b']])('two that cannot: %s and %s', (one, other) => {
    expect(() => compileRoutes({ [one]: 'a', [other]: 'b' })).not.toThrow()
  })

  it('every fact may be a value or a function', () => {
    const entry = { action: () => 'a', target: 'https://x/', addresses: ['192.0.2.1'], amount: -1, quantities: { emails: 3 }, classification: 'public', purposes: ['p'], region: 'DE', approval: 'required' }
    const hooks = Object.fromEntries(Object.keys(entry).filter((name) => name !== 'approval').map((name) => [name, () => undefined]))
    for (const each of [entry, hooks, { ...entry, target: new URL('https://x/') }, { action: 'a', target: undefined }]) expect(() => compileRoutes({ 'GET /a': each })).not.toThrow()
  })
})

it('parameters are those of the route, by whatever names', () => {
  const params = compileRoutes({ 'GET /:__proto__/:constructor': 'a' }).match('GET', '/x/y', '/x/y')?.params
  expect(Object.entries(params ?? {})).toEqual([['__proto__', 'x'], ['constructor', 'y']])
})

describe('RTE-1: a slash where a rest would begin', () => {
  const table = compileRoutes({ 'GET /': 'home', 'GET /*rest': 'all', 'GET /files/*rest': 'files', 'GET /:page': 'page', 'POST /:page': 'post', 'GET /:a/x/*rest': 'deep' })
  const actionOf = (method: string, path: string) => table.match(method, path, path)?.route?.action

  it.each<[string, string, string | undefined]>([
    ['GET', '/files/', undefined],
    ['HEAD', '/files/', undefined],
    ['GET', '/FILES/', undefined],
    ['GET', '/other/x/', undefined],
    ['GET', '/files', 'page'],
    ['GET', '/files/a', 'files'],
    ['GET', '/files/a/', 'files'],
    ['GET', '/other/', 'page'],
    ['POST', '/files/', 'post'],
    ['GET', '/', 'home'],
  ])('%s %s: %s, since Express 4 takes nothing for a rest', (method, path, expected) => {
    expect(actionOf(method, path)).toBe(expected)
  })
})
