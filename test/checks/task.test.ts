import { describe, expect, it } from 'vitest'
import { checkDataSensitivity, checkPurpose, checkTaskTimes } from '../../src/checks/task.js'

const nowMs = Date.UTC(2025, 0, 1)
const task = { id: 't', purpose: 'research' }
const mismatch = 'aap_task_mismatch'

describe('TSK-1: the times of the task', () => {
  const judge = (times: { createdAt?: number; expiresAt?: number }, toleranceMs = 60_000) => checkTaskTimes({ ...task, ...times }, nowMs, toleranceMs)?.code

  it('both may be absent', () => {
    expect(judge({})).toBeUndefined()
  })

  it.each([
    [60_000, -1e12, undefined], [60_000, 0, undefined], [60_000, 60_000, undefined], [60_000, 60_000.5, mismatch], [60_000, 60_001, mismatch],
    [0, -1, undefined], [0, 0, undefined], [0, 1, mismatch],
  ])('tolerance %i ms, created_at %d ms from now: %s', (toleranceMs, offsetMs, expected) => {
    expect(judge({ createdAt: nowMs + offsetMs }, toleranceMs)).toBe(expected)
  })

  // TOK-6: the tolerance is not for expires_at.
  it.each([
    [60_000, 1e12, undefined], [60_000, 1, undefined], [60_000, 0.5, undefined], [60_000, -1, mismatch], [60_000, -60_000, mismatch],
    [0, 1, undefined], [0, -1, mismatch],
  ])('tolerance %i ms, expires_at %d ms from now: %s', (toleranceMs, offsetMs, expected) => {
    expect(judge({ expiresAt: nowMs + offsetMs }, toleranceMs)).toBe(expected)
  })
})

describe('TSK-2: what the action is for', () => {
  it.each<[string, any, string | undefined]>([
    ['not said', undefined, undefined],
    ['the task\'s purpose', ['research'], undefined],
    ['several with it', ['draft', 'research'], undefined],
    ['another', ['draft'], mismatch],
    ['another case', ['Research'], mismatch],
    ['a part of it', ['res'], mismatch],
    ['none', [], mismatch],
    ['a missing fact', null, mismatch],
    ['a string that holds it', 'research', mismatch],
    ['an object', { research: true }, mismatch],
    ['a hook that says yes', true, undefined],
    ['a hook that says no', false, mismatch],
    ['a hook that says something else', 1, mismatch],
    ['a hook that says yes in words', 'true', mismatch],
  ])('%s', (_, purposes, expected) => {
    expect(checkPurpose(task, purposes)?.code).toBe(expected)
    if (expected !== undefined) expect(checkPurpose(task, purposes)?.rule).toBe('TSK-2')
  })
})

describe('TSK-3: data_sensitivity is a ceiling for routes that declare the class of their data', () => {
  const classes = ['public', 'internal', 'confidential', 'restricted', 'personal']
  const admitted: Record<string, string[]> = {
    public: ['public'],
    internal: ['public', 'internal'],
    confidential: ['public', 'internal', 'confidential'],
    restricted: ['public', 'internal', 'confidential', 'restricted'],
    personal: ['public', 'internal', 'confidential', 'personal'],
  }

  it.each(Object.entries(admitted))('%s admits %j', (dataSensitivity, expected) => {
    expect(classes.filter((declared) => checkDataSensitivity({ ...task, dataSensitivity }, declared) === undefined)).toEqual(expected)
  })

  it.each(['secret', 'Public', '', 'toString', '__proto__'])('an unknown value, %j, is refused on every such route, and on no other', (dataSensitivity) => {
    for (const declared of [...classes, null, 'unknown']) expect(checkDataSensitivity({ ...task, dataSensitivity }, declared)).toMatchObject({ code: mismatch, rule: 'TSK-3' })
    expect(checkDataSensitivity({ ...task, dataSensitivity }, undefined)).toBeUndefined()
  })

  it('a token without it has no ceiling', () => {
    for (const declared of classes) expect(checkDataSensitivity(task, declared)).toBeUndefined()
  })

  it.each([null, 'unknown', '', 1, ['public'], {}])('a route that declares %j has not declared a class', (declared) => {
    expect(checkDataSensitivity({ ...task, dataSensitivity: 'personal' }, declared)?.code).toBe(mismatch)
  })
})
