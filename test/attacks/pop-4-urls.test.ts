import { describe, expect, it } from 'vitest'
import { requireCapability } from '../../src/index.js'
import { createForger } from '../support/forge.js'
import { createProofMaker, dpopLines } from '../support/dpop.js'
import { attackedAudience } from '../support/attacked-api.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { guardStyles, refusedProof, refusedUrl, usePopApi, type PopApi } from '../support/pop-api.js'
import { startApi } from '../support/api.js'

expectHealthyProcess()

const api = 'https://api.example.com'
const twoHosts = { status: 400, error: 'invalid_request', rule: 'POP-4' }
const same = (pop: PopApi, htu: string, target?: string) => pop.expectAllowed({ ...(target !== undefined && { target }), parts: { url: htu } })
const other = (pop: PopApi, htu: unknown, target?: string) => pop.expectRefused({ ...(target !== undefined && { target }), parts: { claims: { htu } } }, refusedUrl)

describe.each(guardStyles)('POP-4: the URL of a proof, with %s', (style) => {
  const pop = usePopApi(style)

  it.each([
    `${api}/search`, `${api}/search?q=1`, `${api}/search#part`, `${api}/search?#`, `${api}/search?a=https://other.example/#x`, 'HTTPS://API.EXAMPLE.COM/search', 'hTTps://Api.Example.Com/search', `${api}:443/search`, `${api}:/search`, `${api}:00443/search`,
    `${api}/./search`, `${api}/x/../search`, `${api}/../search`, `${api}/x/%2e%2E/search`, `${api}/%2e/search`, `${api}/%73earch`, `${api}/s%65arc%68`,
  ])('%s is this server\'s /search', async (htu) => {
    await same(pop, htu)
    await same(pop, htu, '/search?q=another')
  })

  it.each([
    ['another scheme', 'http://api.example.com/search'], ['another scheme, with the port', 'http://api.example.com:443/search'], ['another port', `${api}:444/search`], ['port 0', `${api}:0/search`], ['a port beyond the last', `${api}:65979/search`],
    ['another host', 'https://other.example.com/search'], ['a host that ends like it', 'https://evil-api.example.com/search'], ['a host that begins like it', 'https://api.example.com.evil.example/search'], ['a last dot', 'https://api.example.com./search'],
    ['user information', 'https://user@api.example.com/search'], ['user information that looks like the host', 'https://api.example.com@evil.example/search'], ['user information and password', 'https://user:pass@api.example.com/search'], ['an empty one', 'https://@api.example.com/search'],
    ['a backslash', 'https://api.example.com\\search'], ['backslashes for slashes', 'https:\\\\api.example.com\\search'], ['a backslash before an @', 'https://api.example.com\\@evil.example/search'],
    ['a slash at the end', `${api}/search/`], ['another case of path', `${api}/Search`], ['upper case', `${api}/SEARCH`], ['two slashes', `${api}//search`], ['two slashes behind', `${api}/search//`], ['an encoded slash', `${api}/search%2F`], ['an encoded slash in front', `${api}%2Fsearch`],
    ['a path parameter', `${api}/search;x`], ['an encoded question mark', `${api}/search%3Fq`], ['an encoded percent sign', `${api}/%2573earch`], ['a broken encoding', `${api}/search%`], ['a broken encoding', `${api}/%7search`], ['NUL', `${api}/search\0`], ['an encoded NUL', `${api}/search%00`],
    ['no path', api], ['only a slash', `${api}/`], ['a path below', `${api}/search/x`], ['a path above', `${api}/sear`], ['one segment too many', `${api}/search/..`], ['dots that are none', `${api}/.../search`],
    ['no scheme', '//api.example.com/search'], ['no host', '/search'], ['a relative one', 'search'], ['an empty one', ''], ['three slashes', 'https:///api.example.com/search'], ['one slash', 'https:/api.example.com/search'], ['none', 'https:api.example.com/search'],
    ['white space in front', ` ${api}/search`], ['white space behind', `${api}/search `], ['a line break', `${api}/search\n`], ['a tab inside', `${api}/sea\trch`], ['a fullwidth host', 'https://ａpi.example.com/search'], ['an encoded host', 'https://%61pi.example.com/search'], ['a soft hyphen', 'https://api.exam\u00adple.com/search'],
    ['two', `${api}/search, ${api}/search`], ['another scheme altogether', 'javascript:https://api.example.com/search'], ['wss', 'wss://api.example.com/search'], ['a list', [`${api}/search`]], ['an object', { href: `${api}/search` }], ['a number', 5],
    // The kelvin sign and the long s have lower case letters of ASCII.
    ['letters beyond ASCII', `${api}/\u017fearch`], ['letters beyond ASCII in the scheme', 'http\u017f://api.example.com/search'],
  ])('%s: %j is not', async (_what, htu) => {
    await other(pop, htu)
  })

  it('a proof of one path is none for another', async () => {
    const [token, proof] = [pop.token(), (url: string) => pop.client.proof({ token: pop.token(), url })]
    await pop.expectRefused({ token, target: '/any/a', proofs: [proof(`${api}/any/b`)] }, refusedUrl)
    await pop.expectRefused({ token, target: '/any/a/', proofs: [proof(`${api}/any/a`)] }, refusedUrl)
    await pop.expectRefused({ token, target: '/any/a?/any/b', proofs: [proof(`${api}/any/b`)] }, refusedUrl)
    await pop.expectRefused({ token, target: '/any/%41', proofs: [proof(`${api}/any/a`)] }, refusedUrl)
    await same(pop, `${api}/any/A`, '/any/%41')
    // The proof holds in every style; that the slash is encoded is for the route table to refuse.
    const encoded = { target: '/any/a%2Fb', parts: { url: `${api}/any/a%2fb` } }
    if (style === 'routes') await pop.expectRefused(encoded, { status: 403, error: 'aap_invalid_capability', rule: 'RTE-1' })
    else await pop.expectAllowed(encoded)
  })

  it('POP-4: `Host` never counts', async () => {
    for (const host of ['evil.example', 'a/intended?', 'a/intended?x=', 'api.example.com/intended?', 'api.example.com/intended#', 'api.example.com@evil.example', 'evil.example/search', 'https://evil.example', '', 'api.example.com:80', 'api.example.com, evil.example']) {
      await pop.expectAllowed({ hosts: [host] })
      const bare = host.replace(/^https:\/\//, '')
      for (const htu of [`https://${bare}/search`, `https://${bare}search`, `https://${bare}`, `http://${bare}/search`, 'https://a/intended', `${api}/intended`, 'https://evil.example/search', 'https://evil.example/', 'http://api.example.com/search', 'http://api.example.com:80/search']) {
        await pop.expectRefused({ hosts: [host], parts: { claims: { htu } } }, refusedUrl)
      }
    }
  })

  it('POP-4: two Host headers are 400, even equal ones, whatever the proof is for', async () => {
    for (const hosts of [['api.example.com', 'evil.example'], ['evil.example', 'api.example.com'], ['api.example.com', 'api.example.com'], ['api.example.com', '']]) {
      for (const htu of [`${api}/search`, 'https://evil.example/search']) await pop.expectRefused({ hosts, parts: { claims: { htu } } }, twoHosts)
    }
    await pop.expectRefused({ lines: ['hOsT: evil.example'] }, twoHosts)
  })

  it('POP-4: what an unnamed peer forwards is not read', async () => {
    const lines = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'Forwarded: host=evil.example;proto=https', 'X-Forwarded-Port: 8443', 'X-Original-URL: /admin', 'X-Rewrite-URL: /admin', 'X-Forwarded-Prefix: /v1', 'X-Forwarded-Uri: /admin', 'X-Original-Host: evil.example']
    await pop.expectAllowed({ lines })
    for (const htu of ['https://evil.example/search', 'https://evil.example:8443/search', `${api}/admin`, 'https://evil.example/admin', `${api}/v1/search`]) await pop.expectRefused({ lines, parts: { claims: { htu } } }, refusedUrl)
    // Nor is what would be malformed from a named one.
    await pop.expectAllowed({ lines: ['X-Forwarded-Host: a, b', 'X-Forwarded-Host: c', 'X-Forwarded-Proto: gopher'] })
    await pop.expectAllowed({ lines: ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1'] })
  })

  it('POP-4: a request target that is no path has no URL to compare', async () => {
    for (const target of [`${api}/search`, 'http://evil.example/search', `${api.toUpperCase()}/search`]) await pop.expectRefused({ target, parts: { claims: { htu: `${api}/search` } } }, refusedUrl)
  })

  it('POP-4: characters that no path has, in the request target', async () => {
    for (const target of ['/search\\', '/sea"rch', '/search{x}', '/search|', '/search%', '/search%zz', '/search^', '/search`', '/search<>']) {
      await pop.expectRefused({ target, parts: { claims: { htu: `${api}${target}` } } }, refusedUrl)
    }
  })
})

describe.each(['requireCapability', 'guard.authorize'] as const)('POP-4: dot segments and encodings of the request itself, with %s', (style) => {
  const pop = usePopApi(style, undefined)

  it.each([
    ['/any/a/../b', '/any/b'], ['/any/a/./b', '/any/a/b'], ['/any/a/..', '/any/'], ['/any/a/.', '/any/a/'], ['/any/a/%2e%2e/b', '/any/b'], ['/any/a/.%2E/b', '/any/b'], ['/any/../../../any/b', '/any/b'], ['/any/%7Euser', '/any/~user'], ['/any/%2561', '/any/%2561'],
    ['/any/a//b', '/any/a//b'], ['/any/a//../b', '/any/a/b'], ['/any/%2e%2e%2fb', '/any/..%2Fb'], ['/any/a%2Fb', '/any/a%2fb'], ['/any/;/../b', '/any/b'], ['/any/a%3b', '/any/a%3B'],
  ])('%s is %s', async (target, path) => {
    await same(pop, `${api}${path}`, target)
    await same(pop, `${api}${target}`, target)
    // With or without a segment, a slash or an encoding more it is another.
    await other(pop, `${api}${path}x`, target)
    await other(pop, `${api}${path}/`, target)
    await other(pop, `${api}${path.replace('/any', '/any/any')}`, target)
  })

  it.each([
    ['/any/%2561', '/any/%61'], ['/any/%2561', '/any/a'], ['/any/%252e%252e/b', '/b'], ['/any/%252e%252e/b', '/any/%2e%2e/b'], ['/any/a%2F..%2Fb', '/any/b'], ['/any/a%2F../b', '/any/a/../b'], ['/any/a//b', '/any/a/b'], ['/any/a//../b', '/any/b'], ['/any/..;/b', '/b'], ['/any/a%5c..%5cb', '/any/b'], ['/any/a%00', '/any/a'], ['/any/a%20', '/any/a'], ['/any/A', '/any/a'], ['/any/a%3Fb', '/any/a?b'], ['/any/a%23b', '/any/a#b'],
  ])('%s is not %s', async (target, path) => {
    await other(pop, `${api}${path}`, target)
  })
})

describe.each(guardStyles)('POP-4: the origin, with %s', (style) => {
  describe('of a named proxy', () => {
    const pop = usePopApi(style, () => ({ trustedProxies: ['127.0.0.0/8', '::1'] }))

    it('is what it forwards, and no other', async () => {
      const lines = ['X-Forwarded-Host: outside.example:8443', 'X-Forwarded-Proto: https']
      await pop.expectAllowed({ lines, parts: { url: 'https://outside.example:8443/search' } })
      for (const htu of [`${api}/search`, 'https://outside.example/search', 'http://outside.example:8443/search']) await pop.expectRefused({ lines, parts: { url: htu } }, refusedUrl)
    })

    it('is the audience where it forwards only one of the two, or nothing', async () => {
      for (const lines of [[], ['X-Forwarded-Host: outside.example'], ['X-Forwarded-Proto: http'], ['Forwarded: host=outside.example;proto=https']]) {
        await pop.expectAllowed({ lines })
        for (const htu of ['https://outside.example/search', 'http://outside.example/search', 'http://api.example.com/search']) await pop.expectRefused({ lines, parts: { url: htu } }, refusedUrl)
      }
    })

    it.each([
      ['X-Forwarded-Host: a, b'], ['X-Forwarded-Host: a,b'], ['X-Forwarded-Host: a', 'X-Forwarded-Host: a'], ['X-Forwarded-Host: a/intended?'], ['X-Forwarded-Host: user@a'], ['X-Forwarded-Host: a b'], ['X-Forwarded-Host: https://a'], ['X-Forwarded-Host: a:99999'], ['X-Forwarded-Host: a:b'], ['X-Forwarded-Host: [::1'], ['X-Forwarded-Host: a#'], ['X-Forwarded-Host: a\\b'], ['X-Forwarded-Host: %61'],
      ['X-Forwarded-Proto: https, http'], ['X-Forwarded-Proto: https', 'X-Forwarded-Proto: https'], ['X-Forwarded-Proto: wss'], ['X-Forwarded-Proto: https:'],
    ])('what is several or not host[:port] is 400: %j', async (...lines) => {
      await pop.expectRefused({ lines: lines.flat() }, twoHosts)
    })
  })

  describe('of the option baseUrl', () => {
    const pop = usePopApi(style, () => ({ baseUrl: 'https://base.example:8443/v1', trustedProxies: ['127.0.0.1'] }), {}, { origin: 'https://base.example:8443' })

    it('wins over what is forwarded and over the audience; its path is not put in front', async () => {
      for (const lines of [[], ['X-Forwarded-Host: outside.example', 'X-Forwarded-Proto: https']]) {
        await pop.expectAllowed({ lines, parts: { url: 'https://base.example:8443/search' } })
        for (const htu of [`${api}/search`, 'https://outside.example/search', 'https://base.example/search', 'https://base.example:8443/v1/search']) await pop.expectRefused({ lines, parts: { url: htu } }, refusedUrl)
      }
    })
  })
})

describe('POP-4: where nothing says where this server is', () => {
  it.each(['routes', 'requireCapability'])('no proof holds, with %s', async (style) => {
    const forger = createForger()
    const client = createProofMaker()
    const { server, audit, handled, operator } = await startApi('Express 5', { issuer: forger.issuer, audience: 'urn:example:api', ...(style === 'routes' && { routes: { 'GET /search': 'search.web' } }) }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/search', run: [...(style === 'routes' ? [] : [requireCapability('search.web')]), handler('search')] }] }))
    expect(operator.said).toEqual([{ level: 'warn', message: expect.stringMatching(/as\.example\.com.*baseUrl.*POP-4/) }])
    const iat = Math.floor(Date.now() / 1000)
    const token = forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: 'urn:example:api', iat, exp: iat + 300, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }] }))
    for (const url of ['https://api.example.com/search', 'http://api.example.com/search', 'urn:example:api/search', 'urn:example:api', `http://127.0.0.1:${server.port}/search`, '/search', '']) {
      const answer = await server.sendTarget('/search', dpopLines(token, client.proof({ token, url })))
      expect([answer.status, answer.json.error]).toEqual([401, 'invalid_dpop_proof'])
      expect(audit.takeDecision()).toMatchObject({ rule: 'POP-4', detail: 'this server does not know its own URL for the request' })
    }
    expect(handled).toEqual([])
  })
})

describe('POP-4: the path is that of the original request', () => {
  it.each(['Express 5', 'Express 4', 'Connect'] as const)('below a mount point, on %s', async (kind) => {
    const forger = createForger()
    const client = createProofMaker()
    const { server, audit } = await startApi(kind, { issuer: forger.issuer, audience: attackedAudience }, ({ guard, handler }) => ({
      use: [{ at: '/v1', run: guard }, { at: '/v1', run: requireCapability('search.web') }, { at: '/v1', run: (req: any, _res, next) => { req.url = '/rewritten'; next() } }, { at: '/', run: handler('any') }],
      routes: [],
    }))
    const iat = Math.floor(Date.now() / 1000)
    const token = forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat, exp: iat + 300, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }] }))
    const ask = async (url: string): Promise<unknown> => {
      const { status } = await server.sendTarget('/v1/search?q', dpopLines(token, client.proof({ token, url })))
      return [status, audit.takeDecision().rule]
    }
    expect(await ask(`${api}/v1/search`)).toEqual([200, undefined])
    for (const url of [`${api}/search`, `${api}/rewritten`, `${api}/v1/v1/search`, `${api}/v1`]) expect(await ask(url)).toEqual([401, 'POP-4'])
  })

  it('a replayed proof is one whatever else its URL says', async () => {
    const forger = createForger()
    const client = createProofMaker()
    const { server, audit } = await startApi('Express 5', { issuer: forger.issuer, audience: attackedAudience, routes: { 'GET /*rest': 'search.web' } }, ({ guard, handler }) => ({ use: [guard, handler('any')], routes: [] }))
    const iat = Math.floor(Date.now() / 1000)
    const token = forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat, exp: iat + 300, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }] }))
    const statuses: unknown[] = []
    for (const target of ['/search', '/search?again', '/other']) {
      // The same jti, signed anew for each.
      const { status } = await server.sendTarget(target, dpopLines(token, client.proof({ token, url: `${api}${target}`, claims: { jti: 'the same' } })))
      statuses.push([status, audit.takeDecision().rule])
    }
    expect(statuses).toEqual([[200, undefined], [401, refusedProof.rule], [401, refusedProof.rule]])
  })
})
