import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAuthority } from '../support/certificates.js'
import { guarding, requestBy } from './guarding.js'
import { readRequest } from '../../src/guard/read-request.js'

const authority = createAuthority()
const agent = authority.issue()
const read = (clientCertificate: unknown) => readRequest({ method: 'GET', url: '/', headers: {}, clientCertificate: clientCertificate as never }).clientCertificate

describe('POP-5: a certificate that a caller of guard.authorize gives', () => {
  it('is an X509Certificate, or its DER', () => {
    expect(read(agent.x509)).toBe(agent.x509)
    for (const bytes of [agent.der, Uint8Array.from(agent.der), new Uint8Array(agent.der.buffer, agent.der.byteOffset, agent.der.length)]) {
      const certificate = read(bytes)
      expect(certificate).toBeInstanceOf(X509Certificate)
      expect((certificate as X509Certificate).raw).toEqual(agent.der)
    }
  })

  it('may be absent', () => {
    expect(read(undefined)).toBeUndefined()
    expect(readRequest({ method: 'GET', url: '/', headers: {} }).clientCertificate).toBeUndefined()
  })

  it('is read once, and its bytes are copied', () => {
    const bytes = Uint8Array.from(agent.der)
    let times = 0
    const request = readRequest({ method: 'GET', url: '/', headers: {}, get clientCertificate() { times++; return bytes } })
    bytes.fill(0)
    expect((request.clientCertificate as X509Certificate).raw).toEqual(agent.der)
    expect(times).toBe(1)
  })

  const wrong: [string, unknown][] = [
    ['null', null], ['false', false], ['PEM', agent.certPem], ['PEM in bytes', Buffer.from(agent.certPem)], ['base64', agent.der.toString('base64')], ['a thumbprint', agent.thumbprint], ['no bytes', Buffer.alloc(0)], ['a byte behind', Buffer.concat([agent.der, Buffer.alloc(1)])],
    ['two certificates', Buffer.concat([agent.der, authority.der])], ['a list', [agent.x509]], ['a list of numbers', [...agent.der]], ['an ArrayBuffer', Uint8Array.from(agent.der).buffer], ['other typed bytes', new Uint8ClampedArray(agent.der)], ['a DataView', new DataView(Uint8Array.from(agent.der).buffer)],
    ['what tls.getPeerCertificate gives', { raw: agent.der, fingerprint256: agent.x509.fingerprint256 }], ['something that looks like one', Object.create(X509Certificate.prototype)], ['a function', () => agent.x509],
  ]

  it.each(wrong)('is not %s', (_, given) => {
    expect(() => read(given)).toThrow(TypeError)
  })

  it.each(wrong)('ERR-2: a request with %s for one is refused', async (_, given) => {
    const { guard } = guarding()
    expect(await guard.authorize(requestBy({}, { clientCertificate: given as never }), 'a')).toMatchObject({ outcome: 'deny', status: 500, reason: { rule: 'ERR-2' } })
  })

  it('costs an unbound token nothing', async () => {
    const { guard } = guarding()
    for (const clientCertificate of [undefined, agent.x509, agent.der]) expect(await guard.authorize(requestBy({}, { clientCertificate }), 'a')).toMatchObject({ outcome: 'allow' })
  })
})
