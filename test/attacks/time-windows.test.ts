import { describe, it } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import { useAttackedApi } from '../support/attacked-api.js'

expectHealthyProcess()
const start = Date.parse('2030-05-06T12:00:00Z')
const end = Date.parse('2030-05-06T13:00:00Z')
const clock = { now: start }
const attacked = useAttackedApi({ now: () => clock.now })
const at = (ms: number, constraints: object) => {
  clock.now = ms
  return attacked.forger.token(attacked.claims({ aap_capabilities: [{ action: 'search.web', constraints }] }))
}
const window = (from: unknown, to: unknown) => ({ time_window: { start: from, end: to } })
const expired = { status: 403, error: 'aap_capability_expired', rule: 'CON-4' }

describe('CON-4: boundaries, without any tolerance', () => {
  it.each([
    ['a millisecond before the start', start - 1, false], ['the start', start, true], ['a millisecond before the end', end - 1, true], ['the end', end, false], ['a millisecond after the end', end + 1, false], ['30 s before the start', start - 30_000, false], ['30 s after the end', end + 30_000, false],
  ] as const)('%s', async (_what, ms, isInside) => {
    for (const [from, to] of [['2030-05-06T12:00:00Z', '2030-05-06T13:00:00Z'], ['2030-05-06t12:00:00.000z', '2030-05-06T13:00:00.000Z'], ['2030-05-06T14:00:00+02:00', '2030-05-06T07:30:00-05:30'], ['2030-05-06T12:00:00-00:00', '2030-05-07T02:59:00+13:59']] as const) {
      const token = at(ms, window(from, to))
      if (isInside) await attacked.expectAllowed(token)
      else await attacked.expectRefused(token, expired)
    }
  })

  it('holds for a token that was verified before', async () => {
    const token = at(end - 1, window('2030-05-06T12:00:00Z', '2030-05-06T13:00:00Z'))
    await attacked.expectAllowed(token)
    clock.now = end
    await attacked.expectRefused(token, expired)
  })

  it('the window of the context likewise, with its own code (CTX-1)', async () => {
    for (const [ms, isInside] of [[start - 1, false], [start, true], [end - 1, true], [end, false]] as const) {
      clock.now = ms
      const token = attacked.forger.token(attacked.claims({ aap_context: window('2030-05-06T12:00:00Z', '2030-05-06T13:00:00Z') }))
      if (isInside) await attacked.expectAllowed(token)
      else await attacked.expectRefused(token, { status: 403, error: 'aap_invalid_context', rule: 'CTX-1' })
    }
  })

  it('TSK-1: expires_at is exclusive and has no tolerance, created_at has', async () => {
    for (const [ms, task, isAllowed] of [[start - 1, { expires_at: start / 1000 }, true], [start, { expires_at: start / 1000 }, false], [start, { expires_at: '2030-05-06T14:00:00+02:00' }, false], [start - 60_000, { created_at: start / 1000 }, true], [start - 60_001, { created_at: start / 1000 }, false]] as const) {
      clock.now = ms
      const token = attacked.forger.token(attacked.claims({ aap_task: { id: 't', purpose: 'p', ...task } }))
      if (isAllowed) await attacked.expectAllowed(token)
      else await attacked.expectRefused(token, { status: 403, error: 'aap_task_mismatch', rule: 'TSK-1' })
    }
  })
})

describe('CON-4: windows that cannot hold', () => {
  const good = ['2030-05-06T12:00:00Z', '2030-05-06T13:00:00Z'] as const
  it.each<[string, object]>([
    ['no zone', window('2030-05-06T12:00:00', '2030-05-06T13:00:00')], ['a zone at one end only', window(good[0], '2030-05-06T13:00:00')], ['end before start', window(good[1], good[0])], ['end at start', window(good[0], good[0])], ['end at start, spelled otherwise', window(good[0], '2030-05-06T14:00:00+02:00')],
    ['no start', { time_window: { end: good[1] } }], ['no end', { time_window: { start: good[0] } }], ['neither', { time_window: {} }], ['a third member', { time_window: { start: good[0], end: good[1], timezone: 'UTC' } }],
    ['numbers', window(start / 1000, end / 1000)], ['dates only', window('2030-05-06', '2030-05-07')], ['February 30', window('2030-02-30T00:00:00Z', '2030-12-31T00:00:00Z')], ['February 29 of a common year', window('2030-02-29T00:00:00Z', '2030-12-31T00:00:00Z')], ['hour 24', window('2030-05-05T24:00:00Z', '2030-12-31T00:00:00Z')], ['second 60', window('2030-05-06T11:59:60Z', '2030-12-31T00:00:00Z')],
    ['an offset of 24 hours', window('2030-05-06T12:00:00+24:00', '2030-12-31T00:00:00Z')], ['a named zone', window('2030-05-06T12:00:00 UTC', '2030-12-31T00:00:00Z')], ['a space instead of T', window('2030-05-06 12:00:00Z', '2030-12-31T00:00:00Z')], ['spaces around', window(' 2030-05-06T12:00:00Z', good[1])], ['a line break behind', window(`${good[0]}\n`, good[1])], ['full-width digits', window('２030-05-06T12:00:00Z', good[1])], ['an empty string', window('', '')], ['a list', { time_window: [good[0], good[1]] }],
  ])('%s', async (_what, constraints) => {
    // The value is malformed (TOK-10), so that the code is the one for a constraint that cannot hold.
    await attacked.expectRefused(at(start + 1_800_000, constraints), { status: 403, error: 'aap_constraint_violation', rule: 'CON-4' })
  })
})
