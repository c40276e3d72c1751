import { describe, expect, it } from 'vitest'
import { aapGuard, createGuard, protectedResourceMetadata } from '../../src/index.js'
import { createForger } from '../support/forge.js'
import { expectValidRecord } from '../support/audit.js'
import { serverKinds } from '../support/servers.js'
import { startApi } from '../support/api.js'

const forger = createForger()
const path = '/.well-known/oauth-protected-resource'
const options = { issuer: forger.issuer, audience: 'https://api.example.com', baseUrl: 'https://api.example.com' }
const url = `https://api.example.com${path}`

describe.each(serverKinds)('TRN-4: a guard with `baseUrl`, %s', (kind) => {
  it.each([['with routes', { routes: {} }], ['without', {}]])('answers for its metadata itself, %s, before anybody is asked for a token', async (_, more) => {
    const { server, audit, handled } = await startApi(kind, { ...options, ...more }, ({ guard, handler }) => ({ use: [guard], routes: [{ path, run: [handler('behind')] }] }))
    const answer = await server.call(`${path}?x=1`)
    expect([answer.status, answer.json]).toEqual([200, {
      resource: 'https://api.example.com',
      authorization_servers: [forger.issuer.issuer],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256'],
      tls_client_certificate_bound_access_tokens: true,
    }])
    expect((await server.call(path, { method: 'HEAD' })).header('content-length')).toBe(answer.header('content-length'))
    expect(handled).toEqual([])
    expect(audit.records.map((record) => ({ ...record, time: '', correlation_id: '' }))).toEqual(['GET', 'HEAD'].map((method) => ({
      kind: 'decision', time: '', correlation_id: '', outcome: 'allow', method, path, rule: 'TRN-4', detail: 'the metadata of the server is public',
    })))
    audit.records.forEach(expectValidRecord)
  })

  it('refuses what else is asked of that path, and names it in every challenge', async () => {
    const { server } = await startApi(kind, { ...options, routes: {} }, ({ guard }) => ({ use: [guard], routes: [] }))
    for (const [target, request] of [[path, { method: 'POST' }], [`${path}/`, {}], [`${path}/x`, {}], ['/other', {}]] as const) {
      const answer = await server.call(target, request)
      expect([answer.status, answer.header('www-authenticate')]).toEqual([401, `Bearer realm="api", resource_metadata="${url}", DPoP realm="api", algs="ES256 EdDSA RS256", resource_metadata="${url}"`])
    }
  })

  it('without `baseUrl` there is neither', async () => {
    const others = { issuer: options.issuer, audience: options.audience }
    const { server } = await startApi(kind, { ...others, routes: {} }, ({ guard }) => ({ use: [guard], routes: [] }))
    const answer = await server.call(path)
    expect([answer.status, answer.header('www-authenticate')]).toEqual([401, 'Bearer realm="api", DPoP realm="api", algs="ES256 EdDSA RS256"'])
    expect(() => protectedResourceMetadata(others)).toThrow('`baseUrl`')
  })
})

describe('TRN-4: what the metadata says', () => {
  const documentOf = async (more: object): Promise<Record<string, unknown>> => {
    const { server } = await startApi('node:http', { ...options, ...more }, ({ guard }) => ({ use: [guard], routes: [] }))
    return (await server.call(path)).json
  }

  it('follows the options', async () => {
    expect(await documentOf({ profile: 'strict', mtls: false, dpop: { algorithms: ['ES384'] } })).toEqual({ resource: options.baseUrl, authorization_servers: [forger.issuer.issuer], dpop_signing_alg_values_supported: ['ES384'], dpop_bound_access_tokens_required: true })
    expect(await documentOf({ dpop: false })).toEqual({ resource: options.baseUrl, authorization_servers: [forger.issuer.issuer], bearer_methods_supported: ['header'], tls_client_certificate_bound_access_tokens: true })
    expect(await documentOf({ issuer: () => undefined, mtls: false })).toEqual({ resource: options.baseUrl, bearer_methods_supported: ['header'], dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256'] })
  })
})

it('TRN-4: for a mounted guard protectedResourceMetadata answers at the root, by options or by the guard', async () => {
  const guard = createGuard({ ...options, baseUrl: 'https://api.example.com/v1', audit: [] })
  for (const given of [guard, { ...options, baseUrl: 'https://api.example.com/v1', audit: [] }]) {
    const { server } = await startApi('Express 5', { ...options, audit: [] }, ({ handler }) => ({ use: [protectedResourceMetadata(given), aapGuard(guard)], routes: [{ path: '/', run: [handler('root')] }] }))
    const answer = await server.call(`${path}/v1`)
    expect([answer.status, answer.json.resource]).toEqual([200, 'https://api.example.com/v1'])
    expect((await server.call('/')).status).toBe(401)
  }
})
