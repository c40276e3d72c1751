import { describe, expect, it } from 'vitest'
import { claimsOf, headerOf, useCounterparts } from './counterparts.js'
import { createTlsFetch } from '../../support/tls-fetch.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { generateProofKeys, type SentRequest } from '../../support/agent.js'

expectHealthyProcess()

const counterparts = useCounterparts()
const nonceSecret = 'a secret of at least 32 characters'

/** Sends a request again, to the letter. */
const resend = ({ url, init }: SentRequest): Promise<Response> => createTlsFetch({ ca: counterparts.authorities.ofServers.certPem })(url, init)

it('RFC 9449 section 6: a real authorization server binds a token to the key of the proof that it was asked with', async () => {
  const agent = await counterparts.agent('dpop')
  const { access_token: token, token_type: type } = await agent.requestToken()
  expect(type).toBe('dpop')
  expect(headerOf(token)).toMatchObject({ typ: 'at+jwt' })
  expect(claimsOf(token)).toMatchObject({ aud: counterparts.origin, cnf: { jkt: agent.thumbprint } })
})

describe('a token bound by a real authorization server, with the proofs of a real client (DPoP)', () => {
  it('POP-3: is accepted with a proof of its own at every request', async () => {
    const agent = await counterparts.agent('dpop')
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    for (const method of ['GET', 'POST', 'GET']) {
      expect(await agent.call(`${api.url}?q=${method}`, token, { method })).toMatchObject({ status: 200, attempts: 1 })
      expect(api.audit.takeDecision()).toMatchObject({ outcome: 'allow' })
    }
    expect(api.handled).toEqual(['GET', 'POST', 'GET'])
  })

  it.each(['RS256', 'ES256'] as const)('POP-3: is accepted with proofs by %s', async (algorithm) => {
    const agent = await counterparts.agent('dpop', { proofKeys: await generateProofKeys(algorithm) })
    const api = counterparts.api()
    expect(await agent.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 200 })
  })

  it('POP-3: Ed25519 under its name of RFC 9864 is accepted where it is configured, and not offered before', async () => {
    const agent = await counterparts.agent('dpop', { proofKeys: await generateProofKeys('Ed25519') })
    const { access_token: token } = await agent.requestToken()
    const refused = await agent.call(counterparts.api().url, token)
    expect(refused).toMatchObject({ status: 401, challenges: [{ scheme: 'dpop', parameters: { error: 'invalid_dpop_proof', algs: 'ES256 EdDSA RS256' } }, { scheme: 'bearer' }] })
    const api = counterparts.api({ dpop: { algorithms: ['ES256', 'Ed25519'] } })
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
  })

  it('POP-3: one of its own proofs sent again is refused, however often', async () => {
    const agent = await counterparts.agent('dpop')
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
    api.audit.clear()
    for (let i = 0; i < 3; i++) {
      const answer = await resend(agent.sent[0]!)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP .*error="invalid_dpop_proof"/)
      expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'POP-3' })
    }
    expect(api.handled).toEqual(['GET'])
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
  })

  it('POP-3: a proof that came 20 times at once is accepted once', async () => {
    const agent = await counterparts.agent('dpop')
    const { access_token: token } = await agent.requestToken()
    // Nobody serves yet, so that the proof is made and not used.
    expect(await agent.call(`${counterparts.origin}/search`, token)).toMatchObject({ status: 503 })
    const api = counterparts.api()
    const answers = await Promise.all(Array.from({ length: 20 }, () => resend(agent.sent[0]!)))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(401)])
    expect(api.handled).toEqual(['GET'])
  })

  it('POP-3: one of its own proofs is of no use for another method, path or token', async () => {
    const agent = await counterparts.agent('dpop')
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    const { access_token: otherToken } = await agent.requestToken()
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
    const { url, init } = agent.sent[0]!
    const changes: SentRequest[] = [
      { url, init: { ...init, method: 'POST' } },
      { url: `${url}/more`, init },
      { url, init: { ...init, headers: { ...init.headers, authorization: `DPoP ${otherToken}` } } },
    ]
    for (const changed of changes) {
      const answer = await resend(changed)
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('error="invalid_dpop_proof"')])
    }
    expect(api.handled).toEqual(['GET'])
  })

  it('POP-3: is of no use to another agent, with proofs by another key', async () => {
    const [agent, thief] = await Promise.all([counterparts.agent('dpop'), counterparts.agent('dpop')])
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200 })
    expect(await thief.call(api.url, token)).toMatchObject({ status: 401, challenges: [{ scheme: 'dpop', parameters: { error: 'invalid_token' } }, { scheme: 'bearer' }] })
    expect(api.handled).toEqual(['GET'])
  })

  it('POP-1: is of no use as a bearer token', async () => {
    const [agent, thief] = await Promise.all([counterparts.agent('dpop'), counterparts.agent('none')])
    const api = counterparts.api()
    expect(await thief.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 401, challenges: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }, { scheme: 'dpop' }] })
    expect(api.handled).toEqual([])
  })

  it('POP-2: is what the profile strict asks for, instead of a bearer token', async () => {
    const [agent, careless] = await Promise.all([counterparts.agent('dpop'), counterparts.agent('none')])
    const api = counterparts.api({ profile: 'strict' })
    expect(await careless.call(api.url, (await careless.requestToken()).access_token)).toMatchObject({ status: 401 })
    expect(await agent.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 200 })
    expect(api.handled).toEqual(['GET'])
  })
})

it('POP-2: a route that requires a proof takes tokens that are bound, and others take both', async () => {
  const [agent, careless] = await Promise.all([counterparts.agent('dpop'), counterparts.agent('none')])
  const api = counterparts.api({ routes: { 'GET /search': 'search.web', 'POST /search': { action: 'search.web', proof: 'required' } } })
  const [{ access_token: bound }, { access_token: bearer }] = await Promise.all([agent.requestToken(), careless.requestToken()])
  const statuses = []
  for (const method of ['GET', 'POST']) statuses.push((await agent.call(api.url, bound, { method })).status, (await careless.call(api.url, bearer, { method })).status)
  expect(statuses).toEqual([200, 200, 200, 401])
  expect(api.handled).toEqual(['GET', 'GET', 'POST'])
})

describe('nonces of the guard, with a real client', () => {
  it('POP-3 POP-6: the client is told to use one, does, and keeps it', async () => {
    const agent = await counterparts.agent('dpop')
    const api = counterparts.api({ dpop: { nonceSecret } })
    const { access_token: token } = await agent.requestToken()
    const attempts = []
    for (let i = 0; i < 3; i++) {
      const answer = await agent.call(api.url, token)
      expect(answer.status).toBe(200)
      attempts.push(answer.attempts)
    }
    expect(attempts).toEqual([2, 1, 1])
    expect(api.handled).toEqual(['GET', 'GET', 'GET'])
  })

  it('POP-3: a proof with a nonce is accepted once, too', async () => {
    const agent = await counterparts.agent('dpop')
    const api = counterparts.api({ dpop: { nonceSecret } })
    expect(await agent.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 200, attempts: 2 })
    const answer = await resend(agent.sent[1]!)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('error="invalid_dpop_proof"')])
    expect(api.handled).toEqual(['GET'])
  })

  it('POP-3: the previous one is still accepted and replaced, an older one is not', async () => {
    const agent = await counterparts.agent('dpop')
    // Proofs have the time of day, and seem 15 to 35 s old here.
    let nowMs = Date.now() + 15_000
    const api = counterparts.api({ dpop: { nonceSecret, noncePeriod: 10 }, now: () => nowMs })
    const { access_token: token } = await agent.requestToken()
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200, attempts: 2 })
    nowMs += 10_000
    const replaced = await agent.call(api.url, token)
    expect(replaced).toMatchObject({ status: 200, attempts: 1 })
    expect(replaced.headers.get('dpop-nonce')).toMatch(/./)
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200, attempts: 1 })
    nowMs += 20_000
    expect(await agent.call(api.url, token)).toMatchObject({ status: 200, attempts: 2 })
  })

  it('POP-3: processes that share the secret agree on them', async () => {
    const agent = await counterparts.agent('dpop')
    const { access_token: token } = await agent.requestToken()
    expect(await agent.call(counterparts.api({ dpop: { nonceSecret } }).url, token)).toMatchObject({ status: 200, attempts: 2 })
    expect(await agent.call(counterparts.api({ dpop: { nonceSecret } }).url, token)).toMatchObject({ status: 200, attempts: 1 })
    expect(await agent.call(counterparts.api({ dpop: { nonceSecret: nonceSecret.toUpperCase() } }).url, token)).toMatchObject({ status: 200, attempts: 2 })
  })
})
