import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/sdk/client/auth.js'
import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerMetadata, metadataEndpoint, protectedResourceMetadata } from '../../src/http/protected-resource-metadata.js'
import { compileBaseUrl, compileResourceMetadata, type ResourceMetadata } from '../../src/guard/resource-metadata.js'
import { createGuard } from '../../src/index.js'
import { sendJson } from '../support/api.js'
import { serverKinds, startServer, type App, type RunningServer, type ServerKind } from '../support/servers.js'

const compile = (baseUrl: string): ResourceMetadata =>
  compileResourceMetadata({ baseUrl: compileBaseUrl(baseUrl), issuers: ['https://as.example.com'], dpopAlgorithms: ['ES256'], isStrict: false, hasMtls: false })
const metadata = compile('https://api.example.com/v1')
const path = '/.well-known/oauth-protected-resource/v1'

/** What comes behind says which method and target it got. */
const behind = (req: any, res: any): void => { sendJson(res, { behind: `${req.method} ${req.originalUrl ?? req.url}` }) }

async function start(kind: ServerKind, use: App['use'] = [metadataEndpoint(metadata), behind]): Promise<RunningServer> {
  const server = await startServer(kind, { use, routes: [] })
  onTestFinished(() => server.close())
  return server
}

describe.each(serverKinds)('TRN-4: the metadata of RFC 9728, %s', (kind) => {
  it('answers GET', async () => {
    const server = await start(kind)
    const answer = await server.call(path)
    expect(answer.status).toBe(200)
    expect(answer.header('content-type')).toBe('application/json')
    expect(answer.header('content-length')).toBe(String(Buffer.byteLength(metadata.document)))
    expect(answer.header('cache-control')).toBe('public, max-age=300')
    expect(answer.header('access-control-allow-origin')).toBe('*')
    expect(answer.text).toBe(metadata.document)
    expect(answer.json).toEqual({ resource: 'https://api.example.com/v1', authorization_servers: ['https://as.example.com'], bearer_methods_supported: ['header'], dpop_signing_alg_values_supported: ['ES256'] })
  })

  it('answers HEAD with the same headers and no body', async () => {
    const server = await start(kind)
    const [get, head] = [await server.call(path), await server.call(path, { method: 'HEAD' })]
    const headersOf = (answer: typeof get) => answer.headers.filter(([name]) => name !== 'date')
    expect([head.status, head.text]).toEqual([200, ''])
    expect(headersOf(head)).toEqual(headersOf(get))
  })

  it('ignores query, body and credentials', async () => {
    const server = await start(kind)
    for (const query of ['?', '?a=b', '??', '?/../x', '?#']) expect((await server.sendTarget(`${path}${query}`)).text).toBe(metadata.document)
    expect((await server.call(path, { body: '{"a":1}' })).text).toBe(metadata.document)
    expect((await server.call(path, { token: 'no.valid.token', headers: { origin: 'https://app.example', host: 'evil.example' } })).text).toBe(metadata.document)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('hands %s on', async (method) => {
    const server = await start(kind)
    const answer = await server.call(path, { method })
    expect([answer.json, answer.header('access-control-allow-origin'), answer.header('cache-control')]).toEqual([{ behind: `${method} ${path}` }, undefined, undefined])
  })

  it.each([
    '/', '/v1', '/.well-known', '/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/', `${path}/`, `${path}//`, `${path}/x`, `${path}x`, `/${path}`, `/x${path}`,
    '/.well-known/oauth-protected-resource/V1', '/.Well-Known/oauth-protected-resource/v1', '/.well-known/oauth-protected-resource//v1', '/.well-known/oauth-protected-resource/./v1', '/x/..//.well-known/oauth-protected-resource/v1',
    '/%2ewell-known/oauth-protected-resource/v1', '/.well-known/oauth-protected-resource%2Fv1', `${path}#`, `${path};x`, `${path}%00`, '/.well-known\\oauth-protected-resource\\v1', '/v1/.well-known/oauth-protected-resource', '/.well-known/oauth-authorization-server/v1', `http://api.example.com${path}`,
  ])('hands %s on', async (target) => {
    const server = await start(kind)
    const answer = await server.sendTarget(target)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('{"behind":"GET ')
    expect(answer.header('access-control-allow-origin')).toBeUndefined()
  })

  it('one after the other on one connection, as with any other answer', async () => {
    const server = await start(kind)
    for (let i = 0; i < 3; i++) expect((await server.call(path)).status).toBe(200)
    expect(server.errors).toEqual([])
  })

  it('the path is that of the original target, below a mount point as well', async () => {
    const server = await start(kind, [{ at: '/.well-known', run: metadataEndpoint(metadata) }, behind])
    expect((await server.call(`${path}?q`)).text).toBe(metadata.document)
    expect((await server.call('/oauth-protected-resource/v1')).json).toEqual({ behind: 'GET /oauth-protected-resource/v1' })
  })

  it('says whether it answered, and touches nothing where it did not', async () => {
    const answered: boolean[] = []
    const server = await start(kind, [(req, res, next) => {
      const before = JSON.stringify([res.getHeaders(), res.statusCode, res.headersSent])
      const hasAnswered = answerMetadata(metadata, req, res)
      answered.push(hasAnswered)
      if (hasAnswered) return
      expect(JSON.stringify([res.getHeaders(), res.statusCode, res.headersSent])).toBe(before)
      next()
    }, behind])
    await server.call(path)
    await server.call('/')
    await server.call(path, { method: 'POST' })
    expect(answered).toEqual([true, false, false])
    expect(server.errors).toEqual([])
  })

  it('a client that knows nothing of us finds it (MCP SDK)', async () => {
    const server = await start(kind, [(req, res, next) => { metadataEndpoint(found)(req, res, next) }])
    const baseUrl = `http://127.0.0.1:${server.port}/v1`
    const found = compile(baseUrl)
    expect(await discoverOAuthProtectedResourceMetadata(baseUrl)).toMatchObject({ resource: baseUrl, authorization_servers: ['https://as.example.com'] })
    expect(await discoverOAuthProtectedResourceMetadata(baseUrl, { resourceMetadataUrl: found.url })).toEqual(JSON.parse(found.document))
  })
})

describe('TRN-4: the length of the metadata', () => {
  it('is in bytes', async () => {
    const wide = compileResourceMetadata({ baseUrl: compileBaseUrl('https://api.example.com'), issuers: ['https://as.example.com/b\u00fccher'], dpopAlgorithms: undefined, isStrict: false, hasMtls: false })
    const server = await start('node:http', [metadataEndpoint(wide), behind])
    const answer = await server.call(wide.path)
    expect(answer.header('content-length')).toBe(String(Buffer.byteLength(wide.document)))
    expect(answer.text).toBe(wide.document)
  })
})

describe('TRN-4: over HTTP/2', () => {
  it.each(['GET', 'HEAD'])('%s', async (method) => {
    const server = createHttp2Server((req, res) => {
      metadataEndpoint(metadata)(req as never, res as never, () => { res.writeHead(404).end() })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => {
      session.destroy()
      server.close()
    })
    const stream = session.request({ ':method': method, ':path': `${path}?q` })
    const [[headers], text] = await Promise.all([once(stream, 'response') as Promise<[Record<string, unknown>]>, stream.setEncoding('utf8').toArray()])
    expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(metadata.document)) })
    expect(text.join('')).toBe(method === 'GET' ? metadata.document : '')
  })
})

describe('TRN-4: without baseUrl there is no metadata', () => {
  const options = { issuer: 'https://as.example.com', audience: 'https://api.example.com', audit: [] }
  const missing = new TypeError('protectedResourceMetadata: option `baseUrl` is missing, and without it there is no metadata')

  it('protectedResourceMetadata refuses options and guards', () => {
    expect(() => protectedResourceMetadata(options)).toThrow(missing)
    expect(() => protectedResourceMetadata(createGuard(options))).toThrow(missing)
  })

  it('and options that are wrong in another way, by their name', () => {
    expect(() => protectedResourceMetadata({ ...options, clockTolerance: 301 })).toThrow(/clockTolerance/)
    expect(() => protectedResourceMetadata(undefined as never)).toThrow(TypeError)
    expect(() => protectedResourceMetadata({ audit: [] })).toThrow(/issuer/)
  })
})
