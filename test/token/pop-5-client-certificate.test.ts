import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { createAuthority, createSelfSigned } from '../support/certificates.js'
import { parseCertificate } from '../../src/token/parse-certificate.js'
import { rfc8705, rfc9440 } from '../support/published-certificates.js'
import { readClientCertificate } from '../../src/token/client-certificate.js'

const authority = createAuthority()
const agent = authority.issue()
const other = authority.issue()
const proxy = authority.issue({ commonName: 'proxy' })

const proxyAddress = '10.0.0.1'
const isProxy = (address: string | undefined): boolean => address === proxyAddress
const request = (parts: Partial<ResourceRequest>): ResourceRequest => ({ method: 'GET', url: '/', headers: {}, ...parts })

/** What becomes of a request whose proxies use this header, or none. */
function outcome(parts: Partial<ResourceRequest>, header: string | false = 'client-cert'): unknown {
  const shown = readClientCertificate(request(parts), { header: header === false ? undefined : header, isProxy })
  return 'code' in shown ? `${shown.code} ${shown.rule}` : (shown.thumbprint ?? 'none')
}

const fromProxy = (value: string, header = 'client-cert'): unknown => outcome({ remoteAddress: proxyAddress, headers: { [header]: value } }, header)
const refused = 'invalid_request POP-5'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const sequence = (bytes: Uint8Array): string => `:${base64(bytes)}:`
const pem = (label: string, bytes: Uint8Array, end = '\n'): string => [`-----BEGIN ${label}-----`, ...base64(bytes).match(/.{1,64}/g)!, `-----END ${label}-----`, ''].join(end)

describe('POP-5: whose word counts', () => {
  const header = { 'client-cert': sequence(agent.der) }

  it.each<[string, Partial<ResourceRequest>, string | false, string]>([
    ['a named proxy\'s header', { remoteAddress: proxyAddress, headers: header }, 'client-cert', agent.thumbprint],
    ['a named proxy\'s header, and not its own certificate', { remoteAddress: proxyAddress, headers: header, clientCertificate: proxy.x509 }, 'client-cert', agent.thumbprint],
    ['nobody\'s, where a named proxy sends no header', { remoteAddress: proxyAddress, clientCertificate: proxy.x509 }, 'client-cert', 'none'],
    ['nobody\'s, where a named proxy sends an empty header', { remoteAddress: proxyAddress, headers: { 'client-cert': '' }, clientCertificate: proxy.x509 }, 'client-cert', 'none'],
    ['nobody\'s, where a named proxy sends another header', { remoteAddress: proxyAddress, headers: header, clientCertificate: proxy.x509 }, 'x-client-cert', 'none'],
    ['nobody\'s, where the agent sends the header itself', { remoteAddress: '192.0.2.1', headers: header }, 'client-cert', 'none'],
    ['nobody\'s, where nobody knows who sends the header', { headers: header }, 'client-cert', 'none'],
    ['the connection\'s, where the agent sends the header of another', { remoteAddress: '192.0.2.1', headers: header, clientCertificate: other.x509 }, 'client-cert', other.thumbprint],
    ['the connection\'s, where the agent sends nonsense', { remoteAddress: '192.0.2.1', headers: { 'client-cert': ['a', 'b'] }, clientCertificate: other.x509 }, 'client-cert', other.thumbprint],
    ['the connection\'s, of a named proxy too where no header is configured', { remoteAddress: proxyAddress, headers: header, clientCertificate: other.x509 }, false, other.thumbprint],
    ['nobody\'s, where no header is configured', { remoteAddress: proxyAddress, headers: header }, false, 'none'],
    ['the connection\'s, in DER', { clientCertificate: agent.der }, false, agent.thumbprint],
    ['the connection\'s, in bytes of no Buffer', { clientCertificate: Uint8Array.from(agent.der) }, false, agent.thumbprint],
    ['nobody\'s, where the connection\'s is no DER', { clientCertificate: Buffer.from(agent.certPem) }, false, 'none'],
    ['nobody\'s, where there is nothing', {}, false, 'none'],
  ])('%s', (_, parts, name, expected) => {
    expect(outcome(parts, name)).toBe(expected)
  })

  it('the reason for there being none is told', () => {
    const why = (parts: Partial<ResourceRequest>) => readClientCertificate(request(parts), { header: 'client-cert', isProxy })
    expect(why({})).toEqual({ thumbprint: undefined, why: 'the connection has no client certificate that was verified' })
    expect(readClientCertificate(request({ headers: header }), { header: undefined, isProxy })).toEqual(why({}))
    expect(why({ headers: header })).toEqual({ thumbprint: undefined, why: 'the connection has no client certificate that was verified, and the header client-cert does not count: the peer is no trusted proxy' })
    expect(why({ remoteAddress: proxyAddress })).toEqual({ thumbprint: undefined, why: 'the proxy sent no header client-cert' })
    expect(why({ remoteAddress: proxyAddress, headers: { 'client-cert': '' } })).toEqual({ thumbprint: undefined, why: 'the proxy sent an empty header client-cert' })
    expect(why({ clientCertificate: Buffer.alloc(0) })).toEqual({ thumbprint: undefined, why: 'the certificate of the connection is not one certificate in DER' })
    expect(why({ clientCertificate: agent.x509 })).toEqual({ thumbprint: agent.thumbprint })
  })
})

describe('POP-5: one header, by exactly its name', () => {
  const value = sequence(agent.der)
  const raw = (...rawHeaders: string[]) => outcome({ remoteAddress: proxyAddress, rawHeaders, headers: {} })

  it.each(['Client-Cert', 'client-cert', 'CLIENT-CERT', 'cLiEnT-cErT'])('%s is its name', (name) => {
    expect(raw('Host', 'a', name, value)).toBe(agent.thumbprint)
    expect(outcome({ remoteAddress: proxyAddress, headers: { [name]: value } })).toBe(agent.thumbprint)
  })

  it.each(['client_cert', 'Client_Cert', 'clientcert', 'client-cert ', ' client-cert', 'client-cert\t', 'client-cert\0', 'client--cert', 'client-cert-chain', 'x-client-cert', 'client\u2010cert', 'clıent-cert', 'http_client_cert', 'client-certs'])('%j is not', (name) => {
    expect(raw(name, value)).toBe('none')
    expect(raw(name, value, 'client-cert', sequence(other.der))).toBe(other.thumbprint)
    expect(outcome({ remoteAddress: proxyAddress, headers: { [name]: value } })).toBe('none')
  })

  it.each<[string, Partial<ResourceRequest>]>([
    ['two lines', { rawHeaders: ['Client-Cert', value, 'Client-Cert', sequence(other.der)] }],
    ['two lines that say the same', { rawHeaders: ['Client-Cert', value, 'Client-Cert', value] }],
    ['two lines, one of them by another case', { rawHeaders: ['client-cert', value, 'CLIENT-CERT', value] }],
    ['two lines, one of them empty', { rawHeaders: ['client-cert', '', 'client-cert', value] }],
    ['two empty lines', { rawHeaders: ['client-cert', '', 'client-cert', ''] }],
    ['two lines, of which Node shows one', { rawHeaders: ['client-cert', value, 'client-cert', value], headers: { 'client-cert': value } }],
    ['a list of two values', { headers: { 'client-cert': [value, value] } }],
    ['two members of an object', { headers: { 'client-cert': value, 'Client-Cert': value } }],
    ['two values that Node joined', { headers: { 'client-cert': `${value}, ${value}` } }],
    ['two values in one line', { rawHeaders: ['client-cert', `${value},${value}`] }],
  ])('%s are refused', (_, parts) => {
    expect(outcome({ remoteAddress: proxyAddress, clientCertificate: agent.x509, ...parts })).toBe(refused)
  })
})

describe('POP-5: Client-Cert is one byte sequence (RFC 9440 section 2.2)', () => {
  const text = base64(agent.der)

  it('as in the RFC', () => {
    expect(fromProxy(`:${rfc9440.base64}:`)).toBe(rfc9440.thumbprint)
    expect(fromProxy(sequence(agent.der))).toBe(agent.thumbprint)
  })

  it.each<[string, string]>([
    ['a parameter', `:${text}:;a=1`], ['a parameter without value', `:${text}:;a`], ['a list', `:${text}:, :${text}:`], ['a list of one and a comma', `:${text}:,`], ['an inner list', `(:${text}:)`], ['a dictionary', `cert=:${text}:`],
    ['a string', `"${text}"`], ['a token', text], ['escaped PEM', encodeURIComponent(agent.certPem)], ['no colon at its end', `:${text}`], ['no colon at its start', `${text}:`], ['three colons', `:${text}::`], ['two sequences in a row', `:${text}::${text}:`], ['nothing in it', '::'], ['one colon', ':'],
    ['a space in front', ` :${text}:`], ['a space behind', `:${text}: `], ['a space inside', `: ${text}:`], ['a line break inside', `:${text.slice(0, 64)}\n${text.slice(64)}:`], ['a line break behind', `:${text}:\n`],
    ['base64url', `:${Buffer.from(rfc9440.base64, 'base64').toString('base64url')}:`], ['an escape', `:${text.slice(0, -1)}%3D:`], ['garbage', ':not base64:'], ['garbage that is base64', ':bm9uc2Vuc2U=:'], ['"none"', 'none'], ['(null)', '(null)'],
  ])('not %s', (_, value) => {
    expect(fromProxy(value)).toBe(refused)
  })
})

describe('POP-5: a proxy\'s own header', () => {
  const name = 'x-client-cert'

  it.each<[string, string]>([
    ['PEM as nginx and Envoy escape it, all but unreserved characters', encodeURIComponent(agent.certPem)],
    ['PEM as AWS escapes it, all but + = /', encodeURIComponent(agent.certPem).replace(/%2B/g, '+').replace(/%3D/g, '=').replace(/%2F/g, '/')],
    ['PEM escaped in lower case', encodeURIComponent(agent.certPem).replace(/%../g, (escaped) => escaped.toLowerCase())],
    ['PEM with every character escaped', agent.certPem.replace(/[^]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)],
    ['PEM with lines that end in CR LF', encodeURIComponent(pem('CERTIFICATE', agent.der, '\r\n'))],
    ['PEM without a line break at its end', encodeURIComponent(agent.certPem.trimEnd())],
    ['PEM in one long line', encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${base64(agent.der)}\n-----END CERTIFICATE-----\n`)],
    ['DER in base64, as HAProxy and Traefik write it', base64(agent.der)],
    ['a byte sequence, as Google Cloud writes it', sequence(agent.der)],
  ])('%s', (_, value) => {
    expect(fromProxy(value, name)).toBe(agent.thumbprint)
    // Once more, now that it was seen.
    expect(fromProxy(value, name)).toBe(agent.thumbprint)
  })

  it.each<[string, string]>([
    ['two certificates', agent.certPem + other.certPem],
    ['the same certificate twice', agent.certPem + agent.certPem],
    ['a certificate and its key', agent.certPem + agent.keyPem],
    ['a private key', agent.keyPem],
    ['a key and a certificate', agent.keyPem + agent.certPem],
    ['a public key', agent.x509.publicKey.export({ format: 'pem', type: 'spki' }) as string],
    ['another label', pem('X509 CERTIFICATE', agent.der)],
    ['a label of OpenSSL', pem('TRUSTED CERTIFICATE', agent.der)],
    ['a label in lower case', pem('certificate', agent.der)],
    ['no label', pem('', agent.der)],
    ['the label of a request', pem('CERTIFICATE REQUEST', agent.der)],
    ['another label at its start', agent.certPem.replace('BEGIN CERTIFICATE', 'BEGIN PRIVATE KEY')],
    ['another label at its end', agent.certPem.replace('END CERTIFICATE', 'END X509 CRL')],
    ['no end', agent.certPem.slice(0, agent.certPem.indexOf('-----END'))],
    ['no begin', agent.certPem.slice(agent.certPem.indexOf('\n') + 1)],
    ['text in front', `CN=agent\n${agent.certPem}`],
    ['text behind', `${agent.certPem}CN=agent\n`],
    ['a blank line behind', `${agent.certPem}\n`],
    ['a line break in front', `\n${agent.certPem}`],
    ['a blank line inside', agent.certPem.replace('-----\n', '-----\n\n')],
    ['a header of PEM', agent.certPem.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')],
    ['spaces for line breaks', agent.certPem.replaceAll('\n', ' ')],
    ['tabs behind line breaks', agent.certPem.replaceAll('\n', '\n\t')],
    ['no line breaks', agent.certPem.replaceAll('\n', '')],
    ['carriage returns alone', agent.certPem.replaceAll('\n', '\r')],
    ['nothing in it', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['bytes behind the certificate', pem('CERTIFICATE', Buffer.concat([agent.der, Buffer.from([0])]))],
    ['two certificates in one block', pem('CERTIFICATE', Buffer.concat([agent.der, other.der]))],
    ['its escapes escaped', encodeURIComponent(agent.certPem)],
    ['base64url', agent.certPem.replaceAll('+', '-').replaceAll('/', '_').replace(/=/g, '_')],
  ])('refuses escaped PEM with %s', (_, text) => {
    expect(fromProxy(encodeURIComponent(text), name)).toBe(refused)
  })

  it.each<[string, string]>([
    ['an escape that ends early', `${encodeURIComponent(agent.certPem)}%0`],
    ['an escape of no number', encodeURIComponent(agent.certPem).replace('%0A', '%0G')],
    ['an escape that is no UTF-8', `${encodeURIComponent(agent.certPem)}%FF`],
    ['plus signs for spaces', encodeURIComponent(agent.certPem).replaceAll('%20', '+')],
    ['PEM that nobody escaped', agent.certPem],
    ['a list of two', `${base64(agent.der)},${base64(other.der)}`],
    ['escaped PEM and a comma', `${encodeURIComponent(agent.certPem)},`],
    ['two of escaped PEM', `${encodeURIComponent(agent.certPem)}, ${encodeURIComponent(agent.certPem)}`],
    ['Envoy\'s elements', `Hash=00;Cert="${encodeURIComponent(agent.certPem)}";Subject="CN=agent"`],
    ['base64url', Buffer.from(rfc9440.base64, 'base64').toString('base64url')],
    ['a parameter', `${sequence(agent.der)};a=1`],
    ['base64 of PEM', base64(Buffer.from(agent.certPem))],
    ['base64 with a space', `${base64(agent.der)} `],
    ['base64 with a colon', `:${base64(agent.der)}`],
    ['a fingerprint', agent.x509.fingerprint256],
    ['a thumbprint', agent.thumbprint],
    ['a subject', 'CN=agent'],
    ['"-"', '-'],
  ])('refuses %s', (_, value) => {
    expect(fromProxy(value, name)).toBe(refused)
  })

  it('a value that is good under another name is refused as Client-Cert, seen before or not', () => {
    for (const value of [base64(other.der), encodeURIComponent(other.certPem)]) {
      expect(fromProxy(value, name)).toBe(other.thumbprint)
      expect(fromProxy(value)).toBe(refused)
    }
  })
})

describe('POP-5: base64 has one spelling', () => {
  /** One byte behind a certificate leaves bits of the last character free. */
  const spellings = [agent, other, createSelfSigned({ commonName: 'a' }), createSelfSigned({ commonName: 'ab' }), createSelfSigned({ commonName: 'abc' })].map(({ der }) => base64(der)).filter((text) => text.endsWith('='))

  it('and all others of a certificate are refused', () => {
    expect(spellings.length).toBeGreaterThan(0)
    for (const text of spellings) {
      const unpadded = text.replace(/=+$/, '')
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
      const lastIndex = alphabet.indexOf(unpadded.at(-1)!)
      const others = [unpadded, `${text}=`, `${text}\n`, `${text}AAAA`, `=${text}`, `${unpadded.slice(0, -1)}${alphabet[lastIndex + 1]!}${text.slice(unpadded.length)}`]
      // They are the same bytes, to whoever looks less closely.
      expect(Buffer.from(others.at(-1)!, 'base64').toString('base64')).toBe(text)
      expect(fromProxy(text, 'x-client-cert')).not.toBe(refused)
      for (const spelling of others) {
        expect(fromProxy(`:${spelling}:`), spelling).toBe(refused)
        expect(fromProxy(spelling, 'x-client-cert'), spelling).toBe(refused)
        expect(fromProxy(encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${spelling}\n-----END CERTIFICATE-----\n`), 'x-client-cert'), spelling).toBe(refused)
      }
    }
  })
})

describe('POP-5: what is too large is not looked at', () => {
  it.each([['client-cert', ':'], ['x-client-cert', 'A'], ['x-client-cert', '%41']])('%s, full of %j', (header, character) => {
    const shown = readClientCertificate(request({ remoteAddress: proxyAddress, headers: { [header]: character.repeat(16_385) } }), { header, isProxy })
    expect(shown).toEqual({ code: 'invalid_request', rule: 'POP-5', detail: `the header ${header} has over 16384 characters` })
  })

  it('no detail quotes what was sent', () => {
    for (const value of ['secret', ':secret:', 'secret%', base64(Buffer.from('secret'))]) {
      for (const header of ['client-cert', 'x-client-cert']) expect(JSON.stringify(readClientCertificate(request({ remoteAddress: proxyAddress, headers: { [header]: value } }), { header, isProxy }))).not.toContain(value)
    }
  })
})

describe('POP-5: DER is one certificate', () => {
  /** The outermost SEQUENCE, with its length written in another way, which BER allows and DER does not. */
  const contents = agent.der.subarray(4)
  const ber: [string, Buffer][] = [
    ['an indefinite length', Buffer.concat([Buffer.from([0x30, 0x80]), contents, Buffer.from([0, 0])])],
    ['a length with a zero in front', Buffer.concat([Buffer.from([0x30, 0x83, 0]), agent.der.subarray(2)])],
  ]

  it.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['PEM', Buffer.from(agent.certPem)],
    ['PEM and a key', Buffer.from(agent.certPem + agent.keyPem)],
    ['a byte behind', Buffer.concat([agent.der, Buffer.from([0])])],
    ['a line break behind', Buffer.concat([agent.der, Buffer.from('\n')])],
    ['another behind', Buffer.concat([agent.der, other.der])],
    ['PEM behind', Buffer.concat([agent.der, Buffer.from(other.certPem)])],
    ['a byte in front', Buffer.concat([Buffer.from([0]), agent.der])],
    ['a byte missing', agent.der.subarray(0, -1)],
    ['the certificate without its signature', agent.der.subarray(4, -70)],
    ['a public key', authority.x509.publicKey.export({ format: 'der', type: 'spki' })],
    ['zeros', Buffer.alloc(500)],
    ...ber,
  ])('and not %s', (_, bytes) => {
    expect(parseCertificate(bytes)).toBeUndefined()
    expect(fromProxy(sequence(bytes))).toBe(refused)
    expect(outcome({ clientCertificate: bytes })).toBe('none')
  })

  it('its bytes are copied', () => {
    const bytes = Uint8Array.from(agent.der)
    const certificate = parseCertificate(bytes)!
    bytes.fill(0)
    expect(certificate.raw).toEqual(agent.der)
  })
})

describe('POP-5: published values', () => {
  it('RFC 8705 appendix A: x5t#S256 of the certificate', () => {
    expect(outcome({ clientCertificate: new X509Certificate(rfc8705.pem) })).toBe(rfc8705.thumbprint)
    expect(outcome({ clientCertificate: new X509Certificate(rfc8705.pem).raw })).toBe(rfc8705.thumbprint)
    expect(fromProxy(encodeURIComponent(rfc8705.pem), 'x-client-cert')).toBe(rfc8705.thumbprint)
    expect(outcome({ clientCertificate: agent.x509 })).not.toBe(rfc8705.thumbprint)
  })

  it('RFC 9440: the certificate in Client-Cert is the agent\'s, and its issuer is in Client-Cert-Chain', () => {
    const leaf = parseCertificate(Buffer.from(rfc9440.base64, 'base64'))!
    expect(leaf.subject).toBe('CN=BC')
    expect(leaf.verify(parseCertificate(Buffer.from(rfc9440.issuerBase64, 'base64'))!.publicKey)).toBe(true)
    expect(fromProxy(`:${rfc9440.base64}:`)).toBe(rfc9440.thumbprint)
  })
})
