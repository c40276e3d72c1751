import { describe, expect, it } from 'vitest'
import { attackedAudience } from '../support/attacked-api.js'
import { createGuard, type GuardOptions } from '../../src/index.js'
import { createForger } from '../support/forge.js'
import { createProofMaker } from '../support/dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { guardStyles, usePopApi, type PopApi, type Showing } from '../support/pop-api.js'
import type { Answer } from '../support/http-client.js'

expectHealthyProcess()

const nonceSecret = 'a secret of at least 32 characters'
const wantsNonce = { status: 401, error: 'use_dpop_nonce', rule: 'POP-3' }
const periodMs = 300_000

/** A request whose proof has this nonce. */
const withNonce = (nonce: unknown, more: Showing = {}): Showing => ({ ...more, parts: { ...more.parts, claims: { nonce, ...(more.parts?.claims as object | undefined) } } })

/** Asks without a nonce, and takes the one that is offered. */
async function offered(pop: PopApi): Promise<string> {
  const answer = await pop.show()
  expect([answer.status, answer.json.error]).toEqual([401, 'use_dpop_nonce'])
  pop.api.audit.clear()
  return nonceOf(answer)
}

function nonceOf(answer: Answer): string {
  const nonces = answer.headers.filter(([name]) => name === 'dpop-nonce').map(([, value]) => value)
  expect(nonces).toEqual([expect.stringMatching(/^[!#-[\]-~]{20,}$/)])
  return nonces[0]!
}

describe.each(guardStyles)('POP-6: server nonces, with %s', (style) => {
  const pop = usePopApi(style, () => ({ dpop: { nonceSecret }, baseUrl: attackedAudience }), {}, { last: ({ token }) => ({ token: token({ cnf: undefined }), scheme: 'Bearer', proofs: [] }) })
  const shown: PopApi['expectAllowed'] = (showing) => pop.expectAllowed(showing)

  it('a proof without one is answered with one, and the retry passes', async () => {
    const first = await pop.show()
    expect([first.status, first.json.error]).toEqual([401, 'use_dpop_nonce'])
    expect(pop.api.audit.takeDecision()).toMatchObject({ rule: 'POP-3', detail: 'the proof has no nonce' })
    expect(first.header('www-authenticate')).toBe(`DPoP realm="api", error="use_dpop_nonce", error_description="The DPoP proof needs the nonce of this server.", algs="ES256 EdDSA RS256", resource_metadata="${attackedAudience}/.well-known/oauth-protected-resource", Bearer realm="api", resource_metadata="${attackedAudience}/.well-known/oauth-protected-resource"`)
    expect(pop.api.handled).toEqual([])
    const nonce = nonceOf(first)
    const retry = await shown(withNonce(nonce))
    expect(retry.header('dpop-nonce'), 'current: none is sent again').toBeUndefined()
    // It may be used again and again; the jti may not.
    await shown(withNonce(nonce))
    const again = withNonce(nonce, { parts: { claims: { jti: 'once' } } })
    await shown(again)
    await pop.expectRefused(again, { status: 401, error: 'invalid_dpop_proof', rule: 'POP-3' })
  })

  it('a proof that was refused for its nonce is not used up', async () => {
    const nonce = await offered(pop)
    const claims = { jti: 'asked for a nonce' }
    await pop.expectRefused(withNonce(undefined, { parts: { claims } }), wantsNonce)
    await pop.expectRefused(withNonce('another', { parts: { claims } }), wantsNonce)
    await shown(withNonce(nonce, { parts: { claims } }))
  })

  it.each([undefined, '', 'x', 5, true, ['x'], {}, 'A'.repeat(43), 'A'.repeat(5_000), '\u00e9'.repeat(43), '\ud800'])('a nonce that is not this server\'s: %j', async (nonce) => {
    await pop.expectRefused(withNonce(nonce), wantsNonce)
  })

  it('near misses of the nonce', async () => {
    const nonce = await offered(pop)
    for (const near of [nonce.slice(1), nonce.slice(0, -1), `${nonce}=`, ` ${nonce}`, `${nonce} `, nonce.toLowerCase(), nonce.toUpperCase(), `${nonce},${nonce}`, [nonce]]) await pop.expectRefused(withNonce(near), wantsNonce)
    await shown(withNonce(nonce))
  })

  it('a nonce is no excuse: whatever else is wrong comes first, and offers none', async () => {
    const nonce = await offered(pop)
    for (const claims of [{ htm: 'POST' }, { ath: 'x' }, { iat: 0 }, { jti: '' }]) {
      const answer = await pop.show(withNonce(nonce, { parts: { claims } }))
      expect([answer.status, answer.json.error, answer.header('dpop-nonce')]).toEqual([401, 'invalid_dpop_proof', undefined])
      const without = await pop.show({ parts: { claims } })
      expect([without.json.error, without.header('dpop-nonce')]).toEqual(['invalid_dpop_proof', undefined])
    }
    pop.api.audit.clear()
    await pop.expectRefused({ proofs: [] }, { status: 401, error: 'invalid_dpop_proof', rule: 'POP-3' })
    await pop.expectRefused({ scheme: 'Bearer' }, { status: 401, error: 'invalid_token', rule: 'POP-1' })
    expect((await pop.show({ token: 'rubbish' })).header('dpop-nonce')).toBeUndefined()
    pop.api.audit.clear()
  })

  it('rotates with the clock: the previous one holds, and the next comes with the answer; older ones do not', async () => {
    pop.nowMs = Math.ceil(pop.nowMs / periodMs) * periodMs
    const first = await offered(pop)
    pop.nowMs += periodMs - 1
    expect((await shown(withNonce(first))).header('dpop-nonce')).toBeUndefined()
    pop.nowMs += 1
    const second = nonceOf(await shown(withNonce(first)))
    expect(second).not.toBe(first)
    expect(await offered(pop)).toBe(second)
    expect((await shown(withNonce(second))).header('dpop-nonce')).toBeUndefined()
    pop.nowMs += periodMs - 1
    expect(nonceOf(await shown(withNonce(first)))).toBe(second)
    pop.nowMs += 1
    await pop.expectRefused(withNonce(first), wantsNonce)
    const third = nonceOf(await shown(withNonce(second)))
    expect(new Set([first, second, third]).size).toBe(3)
    expect((await shown(withNonce(third))).header('dpop-nonce')).toBeUndefined()
    pop.nowMs += 2 * periodMs
    await pop.expectRefused(withNonce(third), wantsNonce)
    // A clock that is set back brings the nonces of that time back, and not those of the future.
    const fifth = await offered(pop)
    pop.nowMs -= 2 * periodMs
    await pop.expectRefused(withNonce(fifth), wantsNonce)
    await shown(withNonce(third))
  })

  it('the next nonce comes with refusals too, where the proof held', async () => {
    pop.nowMs = Math.ceil(pop.nowMs / periodMs) * periodMs
    const previous = await offered(pop)
    pop.nowMs += periodMs
    const current = await offered(pop)
    const answer = await pop.show(withNonce(previous, { token: pop.token({ aap_capabilities: [{ action: 'another', constraints: {} }] }) }))
    expect(answer.status).toBe(403)
    expect(nonceOf(answer)).toBe(current)
    pop.api.audit.clear()
  })

  it('tokens that are not bound need none', async () => {
    await shown({ token: pop.token({ cnf: undefined }), scheme: 'Bearer', proofs: [] })
  })
})

describe('POP-3: processes that share secret and period agree', () => {
  const nowMs = Date.UTC(2030, 4, 6, 12, 1)
  const pop = usePopApi('guard.authorize')
  const nonceOfGuard = async (dpop: GuardOptions['dpop'], atMs = nowMs): Promise<string> => {
    const guard = createGuard({ issuer: pop.forger.issuer, audience: attackedAudience, audit: [], now: () => atMs, dpop })
    const token = pop.token()
    const decision = await guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `DPoP ${token}`, dpop: pop.client.proof({ token, nowMs: atMs }) } }, 'search.web')
    await guard.close()
    expect(decision.status).toBe(401)
    return (decision.headers as Record<string, string>)['dpop-nonce']!
  }

  it('and accept each other\'s nonces', async () => {
    const nonce = await nonceOfGuard({ nonceSecret })
    const other = createGuard({ issuer: pop.forger.issuer, audience: attackedAudience, audit: [], now: () => nowMs, dpop: { nonceSecret, noncePeriod: 300 } })
    const token = pop.token()
    const proof = pop.client.proof({ token, nowMs, claims: { nonce } })
    expect((await other.authorize({ method: 'GET', url: '/search', headers: { authorization: `DPoP ${token}`, dpop: proof } }, 'search.web')).status).toBe(200)
    await other.close()
  })

  it('with another secret, another period or another time they do not', async () => {
    const nonces = [
      await nonceOfGuard({ nonceSecret }), await nonceOfGuard({ nonceSecret: `${nonceSecret} ` }), await nonceOfGuard({ nonceSecret: nonceSecret.toUpperCase() }),
      await nonceOfGuard({ nonceSecret, noncePeriod: 301 }), await nonceOfGuard({ nonceSecret, noncePeriod: 10 }), await nonceOfGuard({ nonceSecret }, nowMs + periodMs),
    ]
    expect(new Set(nonces).size).toBe(nonces.length)
    expect(await nonceOfGuard({ nonceSecret, noncePeriod: 300 })).toBe(nonces[0])
    for (const nonce of nonces) expect(nonce).not.toContain(nonceSecret.slice(0, 5))
  })
})

describe('the headers of an allow by guard.authorize', () => {
  it('POP-6: the next nonce, where the previous one was used, and else none', async () => {
    const clock = { nowMs: Math.ceil(Date.UTC(2030, 4, 6, 12) / periodMs) * periodMs }
    const forger = createForger()
    const client = createProofMaker('ES256', () => clock.nowMs)
    const guard = createGuard({ issuer: forger.issuer, audience: attackedAudience, audit: [], now: () => clock.nowMs, dpop: { nonceSecret } })
    const token = forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat: clock.nowMs / 1000, exp: clock.nowMs / 1000 + 3_600, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }] }))
    const ask = (nonce?: string) => guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `DPoP ${token}`, dpop: client.proof({ token, claims: { nonce } }) } }, 'search.web')
    const refused = await ask()
    expect(refused.headers).toEqual({ 'www-authenticate': expect.stringContaining('DPoP realm="api", error="use_dpop_nonce"'), 'dpop-nonce': expect.any(String) })
    const nonce = (refused.headers as Record<string, string>)['dpop-nonce']!
    expect(await ask(nonce)).not.toHaveProperty('headers')
    clock.nowMs += periodMs
    const renewed = await ask(nonce)
    expect([renewed.status, renewed.headers]).toEqual([200, { 'dpop-nonce': expect.any(String) }])
    expect(Object.isFrozen(renewed.headers)).toBe(true)
    expect(await ask((renewed.headers as Record<string, string>)['dpop-nonce'])).not.toHaveProperty('headers')
    await guard.close()
  })
})
