import { describe, expect, it } from 'vitest'
import { claimsOf, useCounterparts } from './counterparts.js'
import { createSelfSigned } from '../../support/certificates.js'
import { agentSubject } from '../../support/authorization-server.js'
import { expectHealthyProcess } from '../../support/process-health.js'

expectHealthyProcess()

const counterparts = useCounterparts()

describe('a real authorization server behind mutual TLS', () => {
  it('RFC 8705 section 3.1: binds a token to the certificate that it was asked with', async () => {
    const certificate = counterparts.issueCertificate()
    const agent = await counterparts.agent('mtls', { certificate })
    const { access_token: token, token_type: type } = await agent.requestToken()
    expect(type).toBe('bearer')
    expect(claimsOf(token)).toMatchObject({ aud: counterparts.origin, cnf: { 'x5t#S256': certificate.thumbprint } })
  })

  it('binds a token to a certificate and to the key of a proof', async () => {
    const certificate = counterparts.issueCertificate()
    const agent = await counterparts.agent('dpop and mtls', { certificate })
    const { access_token: token, token_type: type } = await agent.requestToken()
    expect(type).toBe('dpop')
    expect(claimsOf(token).cnf).toEqual({ 'x5t#S256': certificate.thumbprint, jkt: agent.thumbprint })
  })

  it('issues nothing for a certificate that nobody vouches for', async () => {
    const agent = await counterparts.agent('mtls', { certificate: createSelfSigned({ commonName: agentSubject }) })
    await expect(agent.requestToken()).rejects.toMatchObject({ error: 'invalid_client' })
  })
})

describe('a token bound by a real authorization server to a certificate (mTLS)', () => {
  it('POP-5: is accepted on a connection with that certificate', async () => {
    const agent = await counterparts.agent('mtls')
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    for (let i = 0; i < 2; i++) {
      expect(await agent.call(api.url, token)).toMatchObject({ status: 200, attempts: 1 })
      expect(api.audit.takeDecision()).toMatchObject({ outcome: 'allow' })
    }
  })

  it.each([
    ['without a certificate', () => counterparts.agent('none')],
    ['with another certificate of the same name', () => counterparts.agent('mtls')],
    ['with a certificate that nobody vouches for', () => counterparts.agent('mtls', { certificate: createSelfSigned({ commonName: agentSubject }) })],
  ])('POP-5 POP-6: is of no use on a connection %s', async (_title, createThief) => {
    const agent = await counterparts.agent('mtls')
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
    api.audit.clear()
    const thief = await createThief()
    const answer = await thief.call(api.url, token)
    expect(answer.status).toBe(401)
    expect(answer.challenges[0]).toMatchObject({ scheme: 'bearer', parameters: { error: 'invalid_token' } })
    expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: expect.stringMatching(/^POP-[156]$/) })
    expect(api.handled).toEqual(['GET'])
  })

  it('POP-5: a certificate in a header of the client\'s own is none', async () => {
    const certificate = counterparts.issueCertificate()
    const agent = await counterparts.agent('mtls', { certificate })
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    const thief = await counterparts.agent('none')
    const headers = { 'client-cert': `:${certificate.der.toString('base64')}:` }
    expect(await thief.call(api.url, token, { headers })).toMatchObject({ status: 401 })
    expect(api.handled).toEqual([])
  })

  it('POP-2: is what the profile strict asks for', async () => {
    const agent = await counterparts.agent('mtls')
    const api = counterparts.api({ profile: 'strict' })
    expect(await agent.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 200 })
  })

  it('a certificate that no token is bound to changes nothing', async () => {
    const agent = await counterparts.agent('none', { certificate: counterparts.issueCertificate() })
    const api = counterparts.api()
    expect(await agent.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 200 })
  })
})

describe('a token bound by a real authorization server to a certificate and to a key', () => {
  it('POP-1: is accepted with both, and with neither of them alone', async () => {
    const certificate = counterparts.issueCertificate()
    const agent = await counterparts.agent('dpop and mtls', { certificate })
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
    const withoutCertificate = await counterparts.agent('dpop', { proofKeys: agent.proofKeys })
    expect(await withoutCertificate.call(api.url, token)).toMatchObject({ status: 401, challenges: [{ scheme: 'dpop', parameters: { error: 'invalid_token' } }, { scheme: 'bearer' }] })
    const withoutProof = await counterparts.agent('mtls', { certificate })
    expect(await withoutProof.call(api.url, token)).toMatchObject({ status: 401, challenges: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }, { scheme: 'dpop' }] })
    expect(api.handled).toEqual(['GET'])
  })
})
