import { describe, expect, it } from 'vitest'
import { defineConstraint } from '../../src/index.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { deciding, nowMs, outcomeOf } from './decisions.js'

const full = { max_requests_per_hour: 0 }
const post = { allowed_methods: ['POST'] }
const get = { allowed_methods: ['GET'] }
const closed = { time_window: { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' } }
const capabilities = (...list: readonly object[]) => list.map((constraints) => ({ action: 'a', constraints }))

describe('CAP-3: several capabilities for one action are alternatives', () => {
  it.each<[string, readonly object[], string]>([
    ['the first that holds', [{}, {}], 'allow 0'],
    ['not the first', [post, get], 'allow 1'],
    ['not the first two', [post, closed, get], 'allow 2'],
    ['the first has no room', [full, get], 'allow 1'],
    ['neither room nor method', [full, post, get], 'allow 2'],
    ['none holds: the failure of the first', [post, closed], 'aap_constraint_violation CON-5'],
    ['none holds, the other way round', [closed, post], 'aap_capability_expired CON-4'],
    ['one fails only on a quota: 429', [post, full], 'quota_exceeded CON-1'],
    ['the first fails only on a quota: 429', [full, post], 'quota_exceeded CON-1'],
    ['all fail only on quotas: 429', [full, full], 'quota_exceeded CON-1'],
    ['a quota that is full beside another failure is not "only on a quota"', [{ ...post, ...full }, closed], 'aap_constraint_violation CON-5'],
  ])('%s', (_, list, expected) => {
    expect(outcomeOf(deciding({ capabilities: capabilities(...list) }).decide())).toBe(expected)
  })

  it.each<[string, readonly object[], string]>([
    ['where one holds, what lacks is the approval', [post, get], 'aap_approval_required OVS-1'],
    ['where none holds, the first failure answers', [post, closed], 'aap_constraint_violation CON-5'],
    ['approval comes before quotas (ORD-1)', [full, full], 'aap_approval_required OVS-1'],
  ])('OVS-1: with an action that a human approves: %s', (_, list, expected) => {
    const { decide } = deciding({ capabilities: capabilities(...list), claims: { aap_oversight: { requires_human_approval_for: ['a'] } } })
    expect(outcomeOf(decide())).toBe(expected)
  })

  it('capabilities for other actions are no alternatives', () => {
    const { decide } = deciding({ capabilities: [{ action: 'b' }, { action: 'a', constraints: post }, { action: 'c' }] })
    expect(outcomeOf(decide())).toBe('aap_constraint_violation CON-5')
  })

  it('the next is used when the first is used up, and Retry-After is for the one that opens first', async () => {
    const { decide } = deciding({ capabilities: capabilities({ max_requests_per_hour: 1 }, { max_requests_per_minute: 1, max_requests_per_day: 5 }) })
    expect([outcomeOf(decide()), outcomeOf(decide()), outcomeOf(decide())]).toEqual(['allow 0', 'allow 1', 'quota_exceeded CON-1'])
    expect(((await decide()).denial)?.retryAfterSeconds).toBe(60)
  })

  it('Retry-After is whole seconds, rounded up, at least 1', async () => {
    const seconds = await Promise.all(
      [nowMs, nowMs + 1, nowMs + 999, nowMs + 29 * 60_000 + 59_999].map(async (now) => {
        const { decide } = deciding({ capabilities: capabilities(full), rules: { store: memoryStore({ now: () => now }) } })
        return (await decide()).denial?.retryAfterSeconds
      }),
    )
    expect(seconds).toEqual([1_800, 1_800, 1_800, 1])
  })

  describe('one that cannot be judged', () => {
    const broken = defineConstraint({ name: 'broken', compile: (later) => () => { if (later === 'later') return Promise.reject(new Error('down')); throw new Error('down') } })
    const judging = (...list: readonly object[]) => deciding({ capabilities: capabilities(...list), registered: [broken] })

    it.each([true, 'later'])('is not asked behind one that holds without quotas (%s)', (value) => {
      expect(outcomeOf(judging({}, { broken: value }).decide())).toBe('allow 0')
    })

    it.each([true, 'later'])('answers only where those before it have no room (%s)', async (value) => {
      const { decide, warnings } = judging({ max_requests_per_hour: 2 }, { broken: value }, {})
      expect([outcomeOf(await decide()), outcomeOf(await decide())]).toEqual(['allow 0', 'allow 0'])
      expect(warnings[0]).toMatch(/not needed: .*down/)
      await expect((async () => decide())()).rejects.toThrow('down')
    })

    it.each([true, 'later'])('answers before those after it (%s)', async (value) => {
      await expect((async () => judging({ broken: value }, {}).decide())()).rejects.toThrow('down')
      await expect((async () => judging(post, { broken: value }, {}).decide())()).rejects.toThrow('down')
    })
  })

  it('CON-1: Retry-After is not for what will never have room, while another capability will', async () => {
    const retry = async (list: readonly object[], quantities: object): Promise<unknown> => {
      let time = nowMs
      const { decide } = deciding({ capabilities: capabilities(...list), rules: { store: memoryStore({ now: () => time }) } })
      expect(outcomeOf(decide('a', { quantities }))).toBe('allow 1')
      const { denial } = await decide('a', { quantities })
      time += (denial?.retryAfterSeconds as number) * 1_000
      expect(outcomeOf(decide('a', { quantities }))).toBe('allow 1')
      return denial?.retryAfterSeconds
    }
    expect(await retry([{ max_requests_per_second: 0 }, { max_requests_per_hour: 1 }], {})).toBe(1_800)
    expect(await retry([{ max_emails_per_minute: 1 }, { max_emails_per_day: 2 }], { emails: 2 })).toBe(48_600)
  })

  it('a capability without quotas asks no store', () => {
    const { decide } = deciding({ capabilities: capabilities(get), rules: { store: { name: 'untouchable', admit: () => { throw new Error('asked') } } } })
    expect(outcomeOf(decide())).toBe('allow 0')
  })
})

describe('CAP-1 and CAP-2: actions are compared exactly; capabilities are the only source of permission', () => {
  it.each(['A', 'a.b', 'search', 'search.web.deep', 'search.Web', 'Search.web', 'search_web', 'toString', '__proto__'])('%s is not a or search.web', (action) => {
    const { decide } = deciding({ capabilities: [{ action: 'a' }, { action: 'search.web' }] })
    const invalid = action === '__proto__'
    expect(outcomeOf(decide(action))).toBe(`aap_invalid_capability ${invalid ? 'RTE-1' : 'CAP-2'}`)
  })

  it.each(['', '*', 'search.*', 'a b', ' a', 'a ', '.a', 'a.', 'a..b', '1a', 'a.1b', 'a\n', 'a'.repeat(129)])('%j is no action name', (action) => {
    expect(outcomeOf(deciding().decide(action))).toBe('aap_invalid_capability RTE-1')
  })
})
