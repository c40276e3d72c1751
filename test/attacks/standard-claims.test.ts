import { describe, expect, it } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import { attackedAudience, useAttackedApi, withMember, wrongTypes } from '../support/attacked-api.js'

expectHealthyProcess()
const nowMs = Date.parse('2030-05-06T12:00:00.500Z')
const now = nowMs / 1000
const attacked = useAttackedApi({ now: () => nowMs })
const invalid = (rule: string) => ({ status: 401, error: 'invalid_token', rule })
/** `null` is refused by the parser, before anybody looks at the name. */
const refused = (what: string, rule: string) => invalid(what === 'null' ? 'TOK-7' : rule)
const token = (name: string, json: string, claims: object = {}) => attacked.forger.token(withMember(attacked.claims(claims as Record<string, unknown>), name, json))

describe('type confusion in the standard claims', () => {
  it.each(wrongTypes)('TOK-4: iss is %s', async (what, json) => { await attacked.expectRefused(token('iss', json), refused(what, 'TOK-4')) })
  it.each(wrongTypes)('TOK-5: aud is %s', async (what, json) => { await attacked.expectRefused(token('aud', json), refused(what, 'TOK-5')) })
  it.each(wrongTypes.filter(([, json]) => !/^"./.test(json)))('TOK-4: sub is %s', async (what, json) => { await attacked.expectRefused(token('sub', json), refused(what, 'TOK-4')) })
  it.each(wrongTypes.filter(([, json]) => !/^"./.test(json)))('TOK-9: jti is %s', async (what, json) => { await attacked.expectRefused(token('jti', json), refused(what, 'TOK-9')) })

  const isNumber = (json: string): boolean => typeof JSON.parse(json) === 'number'
  for (const name of ['exp', 'iat', 'nbf']) {
    it.each(wrongTypes.filter(([, json]) => !isNumber(json)))(`TOK-6: ${name} is %s`, async (what, json) => { await attacked.expectRefused(token(name, json), refused(what, 'TOK-6')) })
  }

  it.each(['iss', 'sub', 'aud', 'exp', 'iat', 'jti'])('%s is missing', async (name) => {
    const rule = { iss: 'TOK-4', sub: 'TOK-4', aud: 'TOK-5', exp: 'TOK-6', iat: 'TOK-6', jti: 'TOK-9' }[name]!
    await attacked.expectRefused(attacked.forger.token(attacked.claims({ [name]: undefined })), invalid(rule))
  })

  it.each<[string, unknown]>([
    ['a list with another type beside it', [attackedAudience, 5]], ['a list with an object', [attackedAudience, {}]], ['a longer one', `${attackedAudience}/`], ['a shorter one', attackedAudience.slice(0, -1)], ['another case', attackedAudience.toUpperCase()], ['with a space', ` ${attackedAudience}`], ['joined', `${attackedAudience} x`], ['a list in a list', [[attackedAudience]]],
    ['a wildcard', '*'],
  ])('TOK-5: aud is %s', async (_what, aud) => { await attacked.expectRefused(attacked.forger.token(attacked.claims({ aud })), invalid('TOK-5')) })

  it('TOK-5: one of several is enough', async () => { await attacked.expectAllowed(attacked.forger.token(attacked.claims({ aud: ['x', attackedAudience] }))) })

  it('TOK-9: jti of 256 characters, counted as code points; 257 are too many', async () => {
    await attacked.expectAllowed(attacked.forger.token(attacked.claims({ jti: '\u{1f600}'.repeat(256) })))
    await attacked.expectRefused(attacked.forger.token(attacked.claims({ jti: '\u{1f600}'.repeat(257) })), invalid('TOK-9'))
    await attacked.expectRefused(attacked.forger.token(attacked.claims({ jti: 'x'.repeat(257) })), invalid('TOK-9'))
  })
})

describe('TOK-6: times, by an injected clock with milliseconds', () => {
  // Tolerance 60 s; now is half a second past the full one.
  it.each<[string, object, string | undefined]>([
    ['exp far', { exp: 1e300 }, undefined], ['exp at the end of doubles', { exp: 1.7976931348623157e308 }, undefined], ['exp of now', { exp: now }, undefined], ['exp 60 s ago', { exp: now - 60 }, undefined], ['exp 60.001 s ago', { exp: now - 60.001 }, 'TOK-6'], ['exp 61 s ago', { exp: now - 61 }, 'TOK-6'], ['exp 0', { exp: 0 }, 'TOK-6'], ['exp negative', { exp: -1 }, 'TOK-6'], ['exp hugely negative', { exp: -1e300 }, 'TOK-6'], ['exp in milliseconds is far', { exp: nowMs }, undefined],
    ['iat in 60 s', { iat: now + 60 }, undefined], ['iat in 60.001 s', { iat: now + 60.001 }, 'TOK-6'], ['iat in milliseconds', { iat: nowMs }, 'TOK-6'], ['iat huge', { iat: 1e300 }, 'TOK-6'], ['iat 0', { iat: 0 }, undefined], ['iat negative', { iat: -1e300 }, undefined], ['iat fractional', { iat: now - 0.123 }, undefined],
    ['nbf in 60 s', { nbf: now + 60 }, undefined], ['nbf in 60.001 s', { nbf: now + 60.001 }, 'TOK-6'], ['nbf huge', { nbf: 1e300 }, 'TOK-6'], ['nbf negative', { nbf: -1 }, undefined],
  ])('%s', async (_what, claims, rule) => {
    const jwt = attacked.forger.token(attacked.claims(claims as Record<string, unknown>))
    if (rule === undefined) await attacked.expectAllowed(jwt)
    else await attacked.expectRefused(jwt, invalid(rule))
  })

  it.each<[string, string]>([['1e999', 'TOK-7'], ['-1e999', 'TOK-7'], ['1E+400', 'TOK-7']])('exp is %s', async (json, rule) => { await attacked.expectRefused(token('exp', json), invalid(rule)) })
})

describe('POP-1: any cnf is refused, whatever it is', () => {
  it.each(wrongTypes)('cnf is %s', async (what, json) => { await attacked.expectRefused(token('cnf', json), refused(what, 'POP-1')) })
  it.each([{ jkt: 'x' }, { 'x5t#S256': 'x' }, { kid: 'x' }, { jwk: {} }])('cnf is %j', async (cnf) => { await attacked.expectRefused(attacked.forger.token(attacked.claims({ cnf })), invalid('POP-1')) })
})

describe('TOK-10, DIA-5: type confusion in the AAP claims', () => {
  for (const name of ['aap_agent', 'aap_task', 'aap_capabilities', 'aap_oversight', 'aap_context', 'aap_audit']) {
    const isObject = (json: string): boolean => json.startsWith('{')
    const acceptsObjects = ['aap_oversight', 'aap_context', 'aap_audit'].includes(name)
    it.each(wrongTypes.filter(([, json]) => !(acceptsObjects && isObject(json))))(`${name} is %s`, async (what, json) => { await attacked.expectRefused(token(name, json), refused(what, 'TOK-10')) })
  }

  it.each<[string, object, string]>([
    ['no agent', { aap_agent: undefined }, 'DIA-5'], ['no task', { aap_task: undefined }, 'DIA-5'], ['no capabilities', { aap_capabilities: undefined }, 'DIA-5'], ['none of them', { aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, scope: 'search.web' }, 'DIA-5'],
    ['two spellings', { agent: { id: 'a', type: 'b', operator: 'c' } }, 'DIA-2'], ['two spellings of an optional claim', { audit: {} }, 'DIA-2'], ['an empty second spelling', { delegation: { depth: 0, max_depth: 0 } }, 'DIA-2'],
    ['an agent id of 129 characters', { aap_agent: { id: 'a'.repeat(129), type: 'b', operator: 'c' } }, 'TOK-8'], ['an empty agent id', { aap_agent: { id: '', type: 'b', operator: 'c' } }, 'TOK-8'], ['a purpose of 257', { aap_task: { id: 'a', purpose: 'p'.repeat(257) } }, 'TOK-8'],
    ['an agent without an operator', { aap_agent: { id: 'a', type: 'b' } }, 'TOK-10'], ['an empty list of capabilities', { aap_capabilities: [] }, 'TOK-10'], ['one malformed capability beside a good one', { aap_capabilities: [{ action: 'search.web' }, { action: 'search.*' }] }, 'TOK-10'], ['constraints that are a list', { aap_capabilities: [{ action: 'search.web', constraints: [] }] }, 'TOK-10'],
    ['an approval list that is text', { aap_oversight: { requires_human_approval_for: 'search.web' } }, 'TOK-10'], ['an approval alias that is text', { aap_oversight: { requires_approval_for: 'search.web' } }, 'TOK-10'],
    ['a context window without zone', { aap_context: { time_window: { start: '2030-01-01T00:00:00', end: '2031-01-01T00:00:00' } } }, 'TOK-10'], ['a task time that is none', { aap_task: { id: 'a', purpose: 'b', expires_at: 'tomorrow' } }, 'TOK-10'],
  ])('%s', async (_what, claims, rule) => { await attacked.expectRefused(attacked.forger.token(attacked.claims(claims as Record<string, unknown>)), invalid(rule)) })

  const constraintNames = ['domains_allowed', 'domains_blocked', 'ip_ranges_allowed', 'time_window', 'allowed_methods', 'max_request_size', 'allowed_regions', 'data_classification_max', 'max_depth', 'require_approval_threshold', 'require_encryption', 'max_requests_per_hour', 'max_emails_per_day']
  it('a constraint\'s value of any wrong type denies the capability with 403, and never lets it pass', async () => {
    for (const name of constraintNames) {
      for (const [what, json] of wrongTypes.slice(1)) {
        const capabilities = `[{"action":"search.web","constraints":{${JSON.stringify(name)}:${json}}}]`
        const answer = await attacked.send(token('aap_capabilities', capabilities))
        const record = attacked.api.audit.takeDecision()
        const isUsable = (name === 'require_encryption' && json === 'false') || (name === 'max_depth' && ['0', '5'].includes(json)) || (name === 'max_request_size' && ['0', '5'].includes(json)) || (name === 'max_requests_per_hour' && json === '5') || (name === 'domains_blocked' && ['[]', '["x"]'].includes(json))
        expect([name, what, answer.status]).toEqual([name, what, isUsable ? 200 : name === 'max_requests_per_hour' && json === '0' ? 429 : 403])
        expect(attacked.api.handled.splice(0)).toHaveLength(isUsable ? 1 : 0)
        expect(record.outcome).toBe(isUsable ? 'allow' : 'deny')
      }
    }
  })

  it('a limit on the response of any wrong type denies with 403, and one that is too low cuts what the handler sends', async () => {
    for (const [what, json] of wrongTypes.slice(1)) {
      const answer = await attacked.send(token('aap_capabilities', `[{"action":"search.web","constraints":{"max_response_size":${json}}}]`)).catch(() => undefined)
      await attacked.api.server.idle()
      const isUsable = ['0', '5'].includes(json)
      expect([what, answer?.status, attacked.api.handled.splice(0).length, attacked.api.audit.takeDecision().outcome]).toEqual([what, isUsable ? undefined : 403, isUsable ? 1 : 0, isUsable ? 'allow' : 'deny'])
    }
  })

  it('other capabilities for the action are unaffected by one that cannot hold (TOK-10, CAP-3)', async () => {
    await attacked.expectAllowed(attacked.forger.token(attacked.claims({ aap_capabilities: [{ action: 'search.web', constraints: { domains_allowed: 5 } }, { action: 'search.web' }] })))
  })
})
