import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/guard/create-guard.js'
import type { IssuerOptions } from '../../src/guard/guard-options.js'
import { compileRoute } from '../../src/decision/route.js'
import { guarding, requestBy, requestWith, type Guarding } from '../guard/guarding.js'
import { audience, issuer, jwks, now, nowMs, otherKey, signJws, payloadOf, signToken } from '../token/signed-token.js'
import { ec } from '../token/keys/json-web-keys.js'

const answer = async ({ guard }: Guarding, request: Parameters<Guarding['guard']['authorize']>[0], action = 'a') => {
  const { status, reason } = await guard.authorize(request, action)
  return reason === undefined ? `${status}` : `${status} ${reason.rule}`
}

/** An issuer whose key set can be looked at while it is used. */
function servingKeys(keys: () => readonly object[]) {
  const fetched: string[] = []
  return {
    fetched,
    options: {
      issuer: { issuer, jwksUri: `${issuer}/jwks` } satisfies IssuerOptions,
      fetch: async (url: string) => { fetched.push(url); return new Response(JSON.stringify({ keys: keys() }), { headers: { 'content-type': 'application/json' } }) },
    },
  }
}

describe('TOK-11: a verified token is remembered', () => {
  it('the first request waits for its signature, the next is decided at once', async () => {
    const core = coreOf(guarding().guard)!
    const request = requestBy()
    const first = core.openSession(request, request)
    expect(first).toBeInstanceOf(Promise)
    await first
    const second = core.openSession(requestWith(request.headers.authorization!.slice('Bearer '.length) as string), undefined)
    if (second instanceof Promise) throw new Error('the second request waited')
    const ruling = core.decide(second, compileRoute('a', {}), () => undefined)
    expect(ruling).not.toBeInstanceOf(Promise)
    expect(ruling).toMatchObject({ capability: { index: 0 } })
  })

  it('a token that was refused is not', async () => {
    const core = coreOf(guarding().guard)!
    const request = requestWith(signJws(payloadOf(), {}, otherKey))
    for (let i = 0; i < 2; i++) {
      const session = core.openSession(request, request)
      expect(session).toBeInstanceOf(Promise)
      expect((await session).denial?.rule).toBe('TOK-1')
    }
  })

  it('one with the same end and another payload is not taken for it', async () => {
    const guarded = guarding()
    const token = signToken({ aap_capabilities: [{ action: 'a' }] })
    expect(await answer(guarded, requestWith(token))).toBe('200')
    const [header, , signature] = token.split('.')
    const forged = [header, Buffer.from(JSON.stringify(payloadOf({ aap_capabilities: [{ action: 'b' }] }))).toString('base64url'), signature].join('.')
    expect(await answer(guarded, requestWith(forged), 'b')).toBe('401 TOK-1')
  })

  it('TRN-1: nor is one with something behind it', async () => {
    const guarded = guarding()
    const request = requestBy()
    expect(await answer(guarded, request)).toBe('200')
    const authorization = request.headers.authorization as string
    expect(await answer(guarded, { ...request, headers: { authorization: `${authorization} x` } })).toBe('400 TRN-1')
    expect(await answer(guarded, { ...request, headers: { authorization: `${authorization}=` } })).toBe('401 TOK-2')
    expect(await answer(guarded, { ...request, headers: { authorization: [authorization, authorization] } })).toBe('400 TRN-1')
  })
})

describe('TOK-11: what can change is still checked at every request', () => {
  it('exp, to the millisecond', async () => {
    const guarded = guarding()
    const request = requestBy({ exp: now + 100 })
    expect(await answer(guarded, request)).toBe('200')
    guarded.pass(160_000)
    expect(await answer(guarded, request)).toBe('200')
    guarded.pass(1)
    expect(await answer(guarded, request)).toBe('401 TOK-6')
  })

  it('nbf and iat, where the clock was set back', async () => {
    for (const claims of [{ nbf: now }, { iat: now }]) {
      const guarded = guarding()
      const request = requestBy(claims)
      expect(await answer(guarded, request)).toBe('200')
      guarded.pass(-60_000)
      expect(await answer(guarded, request)).toBe('200')
      guarded.pass(-1)
      expect(await answer(guarded, request)).toBe('401 TOK-6')
    }
  })

  it('the task, the context and the windows of capabilities', async () => {
    const until = new Date(nowMs + 10_000).toISOString()
    const window = { start: '2020-01-01T00:00:00Z', end: until }
    for (const [claims, expected] of [
      [{ aap_task: { id: 't', purpose: 'p', expires_at: until } }, '403 TSK-1'],
      [{ aap_context: { time_window: window } }, '403 CTX-1'],
      [{ aap_capabilities: [{ action: 'a', constraints: { time_window: window } }] }, '403 CON-4'],
    ] as const) {
      const guarded = guarding()
      const request = requestBy(claims)
      expect(await answer(guarded, request)).toBe('200')
      guarded.pass(9_999)
      expect(await answer(guarded, request)).toBe('200')
      guarded.pass(1)
      expect(await answer(guarded, request)).toBe(expected)
    }
  })

  it('quotas', async () => {
    const guarded = guarding()
    const request = requestBy({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 2 } }] })
    expect([await answer(guarded, request), await answer(guarded, request), await answer(guarded, request)]).toEqual(['200', '200', '429 CON-1'])
  })

  it('TOK-9: also over another spelling of the same token, and a token issued anew', async () => {
    const guarded = guarding()
    const claims = { aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 2 } }] }
    // ECDSA signs differently each time: three texts, one token.
    const [one, two, three] = [requestBy(claims), requestBy(claims), requestBy(claims)]
    expect(one.headers.authorization).not.toBe(two.headers.authorization)
    expect([await answer(guarded, one), await answer(guarded, two), await answer(guarded, three)]).toEqual(['200', '200', '429 CON-1'])
    expect(await answer(guarded, requestBy({ ...claims, jti: 'token-2' }))).toBe('200')
  })

  it('POP-1: the scheme', async () => {
    const guarded = guarding()
    const request = requestBy()
    const token = (request.headers.authorization as string).slice('Bearer '.length)
    const dpop = { ...request, headers: { authorization: `DPoP ${token}` } }
    expect(await answer(guarded, dpop)).toBe('401 POP-1')
    expect(await answer(guarded, request)).toBe('200')
    expect(await answer(guarded, dpop)).toBe('401 POP-1')
  })
})

describe('TOK-11: an entry goes when its key leaves the issuer\'s set', () => {
  const settle = () => new Promise<void>((resolve) => { setImmediate(resolve) })

  it('at the next refresh (KEY-5)', async () => {
    let keys: readonly object[] = jwks.keys
    const { options, fetched } = servingKeys(() => keys)
    const guarded = guarding(options)
    const request = requestBy({ exp: now + 100_000 })
    expect(await answer(guarded, request)).toBe('200')
    keys = [ec({ kid: 'k2' }).jwk]
    expect(await answer(guarded, request)).toBe('200')
    guarded.pass(600_000)
    // The set is stale: this request starts a refresh, and the next ones are decided by what it brought.
    await answer(guarded, request)
    for (let turn = 0; turn < 20; turn++) await settle()
    expect(fetched).toHaveLength(2)
    expect(await answer(guarded, request)).toBe('401 TOK-1')
  })

  it('and stays while the issuer goes on publishing it, among others or in another order', async () => {
    let keys: readonly object[] = jwks.keys
    const { options } = servingKeys(() => keys)
    const guarded = guarding(options)
    const request = requestBy({ exp: now + 100_000 })
    expect(await answer(guarded, request)).toBe('200')
    keys = [ec({ kid: 'k2' }).jwk, ...structuredClone(jwks.keys)]
    guarded.pass(600_000)
    await answer(guarded, request)
    for (let turn = 0; turn < 20; turn++) await settle()
    const session = (coreOf(guarded.guard)!).openSession(request, request)
    expect(session).not.toBeInstanceOf(Promise)
    expect(await answer(guarded, request)).toBe('200')
  })

  it('and when the issuer is no longer trusted', async () => {
    let isTrusted = true
    const tenants = (iss: string): IssuerOptions | undefined => (isTrusted && iss === issuer ? { issuer, jwks, audience } : undefined)
    const guarded = guarding({ issuer: tenants })
    const request = requestBy()
    expect(await answer(guarded, request)).toBe('200')
    isTrusted = false
    expect(await answer(guarded, request)).toBe('401 TOK-4')
  })

  it('or has other settings', async () => {
    let servedFor = audience
    const guarded = guarding({ issuer: (iss: string) => ({ issuer: iss, jwks, audience: servedFor }) })
    const request = requestBy()
    expect(await answer(guarded, request)).toBe('200')
    servedFor = 'https://other.example'
    expect(await answer(guarded, request)).toBe('401 TOK-5')
  })
})

it('TRN-3: a token over 4,096 bytes is accepted, with a warning once a token', async () => {
  const guarded = guarding()
  const large = requestBy({ padding: 'x'.repeat(4_000) })
  for (let i = 0; i < 3; i++) expect(await answer(guarded, large)).toBe('200')
  expect(await answer(guarded, requestBy({ jti: 'small' }))).toBe('200')
  expect(guarded.messages).toEqual([expect.stringMatching(/^warn .*bytes.*TRN-3/)])
  expect(guarded.messages[0]).not.toContain((large.headers.authorization as string).slice(7, 50))
})
