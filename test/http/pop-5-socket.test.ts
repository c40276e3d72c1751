import { constants, hash, type X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { IncomingRequest } from '../../src/http/incoming-request.js'
import { socketCertificate } from '../../src/http/socket-certificate.js'
import { call } from '../support/http-client.js'
import { connectAgent } from '../support/tls-client.js'
import { createAuthority, createSelfSigned, expired, notYetValid, type IssuedCertificate } from '../support/certificates.js'
import { startTlsServer, type Protocol, type TlsVersion } from '../support/tls-server.js'

const authority = createAuthority()
const middle = authority.issueAuthority()
const stranger = createAuthority({ commonName: 'Stranger' })
const namesake = createAuthority()

const thumbprint = (certificate: X509Certificate | undefined): string | null => (certificate === undefined ? null : hash('sha256', certificate.raw, 'base64url'))
/** What a chain shows, and is signed for by the key of the first. */
const chain = (leaf: IssuedCertificate, ...others: readonly IssuedCertificate[]) => ({ ...leaf, certPem: [leaf, ...others].map(({ certPem }) => certPem).join('') })

const authorized: [string, IssuedCertificate][] = [
  ['of the authority', authority.issue()],
  ['with an RSA key', authority.issue({ key: 'RSA-2048' })],
  ['with an Ed25519 key', authority.issue({ key: 'Ed25519' })],
  ['of an authority below it, whose certificate is sent too', chain(middle.issue(), middle)],
]

const faulty: [string, IssuedCertificate | undefined][] = [
  ['is not there', undefined],
  ['is of an unknown authority', stranger.issue()],
  ['comes with its unknown authority', chain(stranger.issue(), stranger)],
  ['comes with the right authority, which did not issue it', chain(stranger.issue(), authority)],
  ['is of an authority below that is not sent', middle.issue()],
  ['expired', authority.issue(expired)],
  ['is not yet valid', authority.issue(notYetValid)],
  ['is for servers', authority.issue({ purpose: 'server' })],
  ['is an unknown authority itself', stranger],
  ['is self-signed and expired', createSelfSigned(expired)],
  ['is self-signed and not yet valid', createSelfSigned(notYetValid)],
  ['is self-signed and for servers', createSelfSigned({ purpose: 'server' })],
  // Of these OpenSSL reports that they are self-signed, and nothing else.
  ['has a self-signature that is broken', createSelfSigned({ hasBrokenSignature: true })],
  ['is self-signed with a key of 1,024 bits', createSelfSigned({ key: 'RSA-1024' })],
]

const selfSigned: [string, IssuedCertificate][] = [
  ['a P-256 key', createSelfSigned()],
  ['a P-384 key', createSelfSigned({ key: 'P-384' })],
  ['an RSA key', createSelfSigned({ key: 'RSA-2048' })],
  ['an Ed25519 key', createSelfSigned({ key: 'Ed25519' })],
  ['a key that is for signatures only', createSelfSigned({ keyUsage: 'digitalSignature' })],
  ['another behind it', chain(createSelfSigned(), createSelfSigned())],
]

/** Answers whose certificate counts: by the authorities alone, and with self-signed ones allowed. */
const tell: RequestListener = (req, res) => {
  const { authorized = null, authorizationError = null } = req.socket as Partial<TLSSocket>
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify({ counts: thumbprint(socketCertificate(req, false)), countsSelfSigned: thumbprint(socketCertificate(req, true)), isAuthorized: authorized, why: authorizationError }))
}

const connections: [Protocol, TlsVersion][] = [['HTTP/1.1', 'TLSv1.2'], ['HTTP/1.1', 'TLSv1.3'], ['HTTP/2', 'TLSv1.2'], ['HTTP/2', 'TLSv1.3']]

async function ask(protocol: Protocol, version: TlsVersion, identity: IssuedCertificate | undefined) {
  const { port } = await startTlsServer(protocol, tell, { ca: [authority.certPem] })
  const agent = await connectAgent(port, { protocol, version, identity })
  const first = await agent.get('/')
  // Requests that follow on the same connection are told the same.
  expect(await agent.get('/')).toEqual(first)
  return first.json
}

describe.each(connections)('POP-5: the certificate of a connection, %s over %s', (protocol, version) => {
  it.each(authorized)('counts when it is one %s', async (_, identity) => {
    expect(await ask(protocol, version, identity)).toEqual({ counts: identity.thumbprint, countsSelfSigned: identity.thumbprint, isAuthorized: true, why: null })
  })

  it.each(faulty)('never counts when it %s', async (_, identity) => {
    expect(await ask(protocol, version, identity)).toMatchObject({ counts: null, countsSelfSigned: null, isAuthorized: false })
  })

  // Node 20 closes a connection where a signature under a certificate does not hold.
  it.each<[string, IssuedCertificate]>([
    ['has a broken signature', authority.issue({ hasBrokenSignature: true })],
    ['is of an unknown authority with the same name', namesake.issue()],
    ['comes with its unknown authority of the same name', chain(namesake.issue(), namesake)],
  ])('never counts when it %s', async (_, identity) => {
    const answer = await ask(protocol, version, identity).catch(() => undefined)
    expect(answer ?? { counts: null, countsSelfSigned: null, isAuthorized: false }).toMatchObject({ counts: null, countsSelfSigned: null, isAuthorized: false })
  })

  it.each(selfSigned)('counts where self-signed ones are allowed, with %s', async (_, identity) => {
    expect(await ask(protocol, version, identity)).toEqual({ counts: null, countsSelfSigned: identity.thumbprint, isAuthorized: false, why: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  it('is nobody\'s where the server asks for none', async () => {
    const { port } = await startTlsServer(protocol, tell, { ca: [authority.certPem], requestCert: false })
    const agent = await connectAgent(port, { protocol, version, identity: authority.issue() })
    expect((await agent.get('/')).json).toMatchObject({ counts: null, countsSelfSigned: null, isAuthorized: false })
  })

  it.each<[string, IssuedCertificate | undefined, boolean]>([
    ['of the authority', authority.issue(), true],
    ['self-signed', createSelfSigned(), true],
    ['of an unknown authority', stranger.issue(), false],
    // Node calls a resumed session authorized that has no certificate, over TLS 1.3.
    ['that is not there', undefined, false],
  ])('is the same in a resumed session: one %s', async (_, identity, counts) => {
    const { port } = await startTlsServer(protocol, tell, { ca: [authority.certPem] })
    const first = await connectAgent(port, { protocol, version, identity })
    const shown = (await first.get('/')).json
    expect(shown.countsSelfSigned).toBe(counts ? identity!.thumbprint : null)
    const second = await connectAgent(port, { protocol, version, identity, session: first.session() })
    expect(second.isResumed()).toBe(true)
    const resumed = (await second.get('/')).json
    expect(resumed).toMatchObject({ counts: shown.counts, countsSelfSigned: shown.countsSelfSigned })
    if (identity === undefined) expect(resumed.isAuthorized).toBe(version === 'TLSv1.3')
  })

  it('is read once a connection, where it cannot change', async () => {
    const shown: (X509Certificate | undefined)[] = []
    const { port } = await startTlsServer(protocol, (req, res) => {
      shown.push(socketCertificate(req, false))
      tell(req, res)
    }, { ca: [authority.certPem] })
    const agent = await connectAgent(port, { protocol, version, identity: authority.issue() })
    for (let i = 0; i < 3; i++) await agent.get('/')
    expect(shown.map(thumbprint)).toEqual(Array(3).fill(thumbprint(shown[0])))
    expect(new Set(shown).size).toBe(version === 'TLSv1.3' ? 1 : 3)
  })

  it('is one a connection: agents on one server do not get each other\'s', async () => {
    const { port } = await startTlsServer(protocol, tell, { ca: [authority.certPem] })
    const identities = [authority.issue(), undefined, createSelfSigned(), authority.issue(), stranger.issue()]
    const agents = await Promise.all(identities.map((identity) => connectAgent(port, { protocol, version, identity })))
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(agents.map((agent) => agent.get('/')))
      expect(answers.map(({ json }) => json.countsSelfSigned)).toEqual([identities[0]!.thumbprint, null, identities[2]!.thumbprint, identities[3]!.thumbprint, null])
      expect(answers.map(({ json }) => json.counts)).toEqual([identities[0]!.thumbprint, null, null, identities[3]!.thumbprint, null])
    }
  })

  describe('while the connection lives', () => {
    afterEach(() => { vi.useRealTimers() })

    it.each([['of the authority', authority.issue()], ['self-signed', createSelfSigned()]])('counts until it expires: one %s', async (_, identity) => {
      const { port } = await startTlsServer(protocol, tell, { ca: [authority.certPem] })
      const agent = await connectAgent(port, { protocol, version, identity })
      const countsAt = async (ms: number): Promise<boolean> => {
        vi.setSystemTime(ms)
        const { json } = await agent.get('/')
        expect([identity.thumbprint, null]).toContain(json.countsSelfSigned)
        return json.countsSelfSigned !== null
      }
      const from = Date.parse(identity.x509.validFrom)
      const until = Date.parse(identity.x509.validTo)
      vi.useFakeTimers({ toFake: ['Date'] })
      expect(await countsAt(until - 1)).toBe(true)
      expect(await countsAt(until)).toBe(false)
      expect(await countsAt(from - 1)).toBe(false)
      expect(await countsAt(from)).toBe(true)
    })
  })
})

describe('POP-5: other connections', () => {
  it('plain HTTP has no certificate', async () => {
    const server = createServer(tell)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => { server.close() })
    const { json } = await call((server.address() as AddressInfo).port, '/')
    expect(json).toEqual({ counts: null, countsSelfSigned: null, isAuthorized: null, why: null })
  })

  it('a certificate that is asked for later, by TLS 1.2, counts from then on', async () => {
    const identity = authority.issue()
    const { port } = await startTlsServer('HTTP/1.1', (req, res) => {
      if (req.url === '/') tell(req, res)
      else (req as IncomingMessage & { socket: TLSSocket }).socket.renegotiate({ requestCert: true, rejectUnauthorized: false }, () => { tell(req, res) })
    }, { ca: [authority.certPem], requestCert: false, secureOptions: constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION })
    const agent = await connectAgent(port, { version: 'TLSv1.2', identity })
    expect((await agent.get('/')).json.counts).toBeNull()
    expect((await agent.get('/later')).json.counts).toBe(identity.thumbprint)
    expect((await agent.get('/')).json.counts).toBe(identity.thumbprint)
  })

  it.each<[string, object, boolean]>([
    ['authorized', { authorized: true, authorizationError: null }, true],
    ['authorized once, and a later handshake failed', { authorized: true, authorizationError: 'CERT_HAS_EXPIRED' }, false],
    ['authorized once, and a later certificate was self-signed', { authorized: true, authorizationError: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, false],
    ['not authorized, for no reason', { authorized: false, authorizationError: null }, false],
    ['authorized by a truthy value', { authorized: 1 }, false],
    ['not of TLS', {}, false],
  ])('a socket that is %s', (_, state, counts) => {
    const { x509 } = createSelfSigned()
    const req = { socket: { ...state, getPeerX509Certificate: () => x509, getProtocol: () => 'TLSv1.2' } } as unknown as IncomingMessage
    expect(socketCertificate(req, true)).toBe(counts ? x509 : undefined)
  })
})

describe('POP-5: the request as the guard sees it', () => {
  it.each<[string, IssuedCertificate, boolean[]]>([['of the authority', authority.issue(), [true, true, true]], ['self-signed', createSelfSigned(), [false, false, true]], ['of an unknown authority', stranger.issue(), [false, false, false]]])('has the certificate, one %s', async (_, identity, expected) => {
    const { port } = await startTlsServer('HTTP/1.1', (req, res) => {
      const requests = [new IncomingRequest(req), new IncomingRequest(req, false), new IncomingRequest(req, true)]
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify(requests.map(({ clientCertificate }) => thumbprint(clientCertificate))))
    }, { ca: [authority.certPem] })
    const agent = await connectAgent(port, { identity })
    expect((await agent.get('/')).json).toEqual(expected.map((has) => (has ? identity.thumbprint : null)))
  })
})
