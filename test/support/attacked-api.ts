import { afterAll, beforeAll, expect } from 'vitest'
import type { DecisionRecord, GuardOptions } from '../../src/index.js'
import { createForger, type Forger, type Json } from './forge.js'
import { exampleClaims } from '../../src/testing/index.js'
import { startApi, type Api } from './api.js'
import type { Answer } from './http-client.js'

export const attackedAudience = 'https://api.example.com'

export interface AttackedApi {
  readonly forger: Forger
  readonly api: Api
  /** Claims that are in order, overridden by these; `undefined` removes one. */
  claims(overrides?: Readonly<Record<string, unknown>>): Record<string, unknown>
  /** Sends this text behind `Bearer` over raw TCP, as it is. */
  send(token: string, target?: string): Promise<Answer>
  /** Sends the token and expects this answer, no handler, and one valid record with this rule. */
  expectRefused(token: string, expected: { status: number; error?: string; rule: string; target?: string }): Promise<DecisionRecord>
  expectAllowed(token: string, target?: string): Promise<Answer>
}

/**
 * One server for a file of attacks, `GET /search` with `?url=` as its target. After the last attack it still has to
 * serve an honest token.
 */
export function useAttackedApi(options: GuardOptions = {}, server: { maxHeaderSize?: number } = {}): AttackedApi {
  const forger = createForger()
  let api: Api
  const now = options.now ?? Date.now
  const claims: AttackedApi['claims'] = (overrides = {}) => {
    const iat = Math.floor(now() / 1000)
    return exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat, exp: iat + 300, jti: 'j', aap_capabilities: [{ action: 'search.web', constraints: {} }], ...overrides })
  }
  const send: AttackedApi['send'] = (token, target = '/search?url=https://example.org/') => api.server.sendTarget(target, [`Authorization: Bearer ${token}`])
  const expectAllowed: AttackedApi['expectAllowed'] = async (token, target) => {
    const answer = await send(token, target)
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
    expect(api.handled.splice(0)).toEqual(['search'])
    expect(api.audit.takeDecision().outcome).toBe('allow')
    return answer
  }

  beforeAll(async () => {
    api = await startApi('Express 5', { issuer: forger.issuer, audience: attackedAudience, routes: { 'GET /search': { action: 'search.web', target: (req: any) => req.query.url } }, ...options }, ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/search', run: [handler('search')] }],
    }), { ...server, keep: true })
  })
  afterAll(async () => {
    try {
      await expectAllowed(forger.token(claims()))
    } finally {
      await api.server.close()
      await api.guard.close()
    }
  })

  return {
    forger,
    get api() { return api },
    claims,
    send,
    expectAllowed,
    expectRefused: async (token, { status, error, rule, target }) => {
      const answer = await send(token, target)
      const record = api.audit.takeDecision()
      expect([answer.status, answer.json.error, record.rule, record.detail]).toEqual([status, error, rule, expect.any(String)])
      if (error !== undefined && status !== 429 && status !== 503) expect(answer.header('www-authenticate')).toContain(`error="${error}"`)
      expect(record).toMatchObject({ kind: 'decision', outcome: 'deny', status, correlation_id: answer.json.error_correlation_id })
      expect(api.handled.splice(0)).toEqual([])
      return record
    },
  }
}

/** What nobody may take for a number, a string or a list. */
export const wrongTypes: readonly (readonly [what: string, json: string])[] = [
  ['null', 'null'], ['true', 'true'], ['false', 'false'], ['a number', '5'], ['zero', '0'], ['a negative number', '-1'], ['a fraction', '0.5'], ['a huge number', '1e300'], ['an empty string', '""'], ['a string', '"x"'], ['a number as a string', '"5"'],
  ['NaN as a string', '"NaN"'], ['Infinity as a string', '"Infinity"'], ['an empty list', '[]'], ['a list', '["x"]'], ['a list of a number', '[5]'], ['a list in a list', '[["x"]]'], ['an empty object', '{}'], ['an object', '{"x":"y"}'],
  ['an object that says it is a string', '{"toString":"x","valueOf":"x"}'], ['an object with a length', '{"length":1,"0":"x"}'],
]

/** JSON text of an object whose member `name` has this JSON text as its value, however wrong. */
export function withMember(object: Readonly<Record<string, unknown>>, name: string, json: string): Json {
  const others = Object.entries(object).filter(([key, value]) => key !== name && value !== undefined)
  return `{${[...others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`), `${JSON.stringify(name)}:${json}`].join(',')}}`
}
