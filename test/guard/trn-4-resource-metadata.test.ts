import { describe, expect, it } from 'vitest'
import { compileBaseUrl, compileResourceMetadata, type ResourceMetadataSettings } from '../../src/guard/resource-metadata.js'

const compile = (settings: Partial<Omit<ResourceMetadataSettings, 'baseUrl'>> & { baseUrl?: string } = {}) =>
  compileResourceMetadata({ issuers: ['https://as.example.com'], dpopAlgorithms: ['ES256', 'EdDSA', 'RS256'], isStrict: false, hasMtls: false, ...settings, baseUrl: compileBaseUrl(settings.baseUrl ?? 'https://api.example.com') })
const documentOf = (settings: Parameters<typeof compile>[0]): unknown => JSON.parse(compile(settings).document)

describe('POP-4: the option baseUrl', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://api.example.com/', 'https://api.example.com'],
    ['https://api.example.com/v1', 'https://api.example.com'],
    ['https://api.example.com/v1/', 'https://api.example.com'],
    ['https://api.example.com:8443/v1', 'https://api.example.com:8443'],
    ['https://api.example.com:443', 'https://api.example.com'],
    ['HTTPS://API.Example.com', 'https://api.example.com'],
    ['https://xn--bcher-kva.example', 'https://xn--bcher-kva.example'],
    ['https://api.example.com/a%2Fb', 'https://api.example.com'],
    ['https://10.0.0.1', 'https://10.0.0.1'],
    ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1', 'http://127.0.0.1'],
    ['http://127.8.9.10:3000/v1', 'http://127.8.9.10:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['http://LOCALHOST', 'http://localhost'],
  ])('%s has the origin %s, and stays as it was given', (text, origin) => {
    expect(compileBaseUrl(text)).toEqual({ text, origin })
  })

  it.each<[unknown]>([
    [undefined], [null], [1], [true], [{}], [[]], [['https://api.example.com']], [new URL('https://api.example.com')], [() => 'https://api.example.com'],
    [''], [' '], ['api.example.com'], ['/v1'], ['//api.example.com'], ['https:'], ['https://'], ['https:api.example.com'], ['https:/api.example.com'],
    ['http://api.example.com'], ['http://10.0.0.1'], ['http://128.0.0.1'], ['http://localhost.example.com'], ['http://127.0.0.1.example.com'], ['http://[::2]'], ['http://sub.localhost'], ['http://localhost.'],
    ['ftp://api.example.com'], ['ws://localhost'], ['file:///'], ['urn:example:api'],
    ['https://user@api.example.com'], ['https://user:pass@api.example.com'], ['https://@api.example.com'], ['http://localhost@evil.example'],
    ['https://api.example.com?q'], ['https://api.example.com/?'], ['https://api.example.com#f'], ['https://api.example.com/#'],
    ['https://api.example.com:65536'], ['https://api.example.com:x'], ['https://a b'], ['https://b\u00fccher.example'], ['https://api.example.com\\v1'], [' https://api.example.com'], ['https://api.example.com\n'], ['https://api.example.com/a b'], ['https://api.example.com/%'], ['https://api.example.com/\u00e9'], ['https://*.example.com'], ['https://api.example.com/{id}'],
  ])('%s is none', (baseUrl) => {
    expect(() => compileBaseUrl(baseUrl)).toThrow(new TypeError('option `baseUrl` must be an https URL, or http on a loopback host, without credentials, query and fragment'))
  })

  it.each([
    ['https://api.example.com/a/../v1', '/v1'],
    ['https://api.example.com/./', '/'],
    ['https://api.example.com/%76%31', '/v1'],
    ['https://api.example.com/a%2fb', '/a%2Fb'],
    ['https://api.example.com/%2e%2e/v1', '/v1'],
  ])('%s has a path that clients write in another way', (baseUrl, path) => {
    expect(() => compileBaseUrl(baseUrl)).toThrow(new TypeError(`option \`baseUrl\`: write its path in its normal form, ${path}`))
  })
})

describe('TRN-4: where the metadata is (RFC 9728 section 3.1)', () => {
  it.each([
    // the examples of the RFC
    ['https://resource.example.com', 'https://resource.example.com/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource'],
    ['https://resource.example.com/', 'https://resource.example.com/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource'],
    ['https://resource.example.com/resource1', 'https://resource.example.com/.well-known/oauth-protected-resource/resource1', '/.well-known/oauth-protected-resource/resource1'],
    // a slash that ends a longer path stays
    ['https://resource.example.com/resource1/', 'https://resource.example.com/.well-known/oauth-protected-resource/resource1/', '/.well-known/oauth-protected-resource/resource1/'],
    ['https://resource.example.com/a/B%2Fc', 'https://resource.example.com/.well-known/oauth-protected-resource/a/B%2Fc', '/.well-known/oauth-protected-resource/a/B%2Fc'],
    ['https://resource.example.com:8443/v1', 'https://resource.example.com:8443/.well-known/oauth-protected-resource/v1', '/.well-known/oauth-protected-resource/v1'],
    ['HTTPS://Resource.example.com:443/v1', 'https://resource.example.com/.well-known/oauth-protected-resource/v1', '/.well-known/oauth-protected-resource/v1'],
    ['http://[::1]:3000/v1', 'http://[::1]:3000/.well-known/oauth-protected-resource/v1', '/.well-known/oauth-protected-resource/v1'],
  ])('of %s: %s', (baseUrl, url, path) => {
    const metadata = compile({ baseUrl })
    expect(metadata).toMatchObject({ url, path })
    expect(new URL(url).href).toBe(url)
    expect(JSON.parse(metadata.document)).toMatchObject({ resource: baseUrl })
  })
})

describe('TRN-4: what the metadata says (RFC 9728 section 2)', () => {
  const resource = 'https://api.example.com'
  const authorization_servers = ['https://as.example.com']
  const bearer = { bearer_methods_supported: ['header'] }
  const proofs = { dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256'] }
  const certificates = { tls_client_certificate_bound_access_tokens: true }

  it.each<[string, Parameters<typeof compile>[0], unknown]>([
    ['as it is by default', {}, { ...bearer, ...proofs }],
    ['with certificates', { hasMtls: true }, { ...bearer, ...proofs, ...certificates }],
    ['strict: nothing but DPoP would do', { isStrict: true }, { ...proofs, dpop_bound_access_tokens_required: true }],
    ['strict with certificates: tokens bound to one are sent as bearer tokens', { isStrict: true, hasMtls: true }, { ...bearer, ...proofs, ...certificates }],
    ['without DPoP', { dpopAlgorithms: undefined }, bearer],
    ['without DPoP, with certificates', { dpopAlgorithms: undefined, hasMtls: true }, { ...bearer, ...certificates }],
    ['strict without DPoP', { dpopAlgorithms: undefined, isStrict: true, hasMtls: true }, { ...bearer, ...certificates }],
    ['fewer algorithms', { dpopAlgorithms: ['EdDSA'] }, { ...bearer, dpop_signing_alg_values_supported: ['EdDSA'] }],
  ])('%s', (_, settings, expected) => {
    expect(documentOf(settings)).toEqual({ resource, authorization_servers, ...(expected as object) })
  })

  it('all issuers, as they are named', () => {
    expect(documentOf({ issuers: ['https://a.example/', 'https://B.example'] })).toMatchObject({ authorization_servers: ['https://a.example/', 'https://B.example'] })
  })

  it('no issuers where only a function knows them', () => {
    expect(documentOf({ issuers: undefined })).toEqual({ resource, ...bearer, ...proofs })
  })
})
