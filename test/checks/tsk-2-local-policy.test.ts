import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/model/wire-policy.js'
import { answerTo, recordOf } from '../guard/policy-answers.js'
import { compileRoute } from '../../src/decision/route.js'
import { deciding, outcomeOf } from '../decision/decisions.js'

const mismatch = 'aap_task_mismatch TSK-2'
const task = (purpose: string) => ({ aap_task: { id: 't', purpose } })

describe('TSK-2: purposes by local policy', () => {
  it.each<[string, Policy, string, string, string]>([
    ['of every action', { purposes: ['p', 'q'] }, 'p', 'a', 'allow'],
    ['of every action', { purposes: ['p', 'q'] }, 'r', 'a', mismatch],
    ['an empty list', { purposes: [] }, 'p', 'a', mismatch],
    ['compared exactly', { purposes: ['P', 'p ', 'pp'] }, 'p', 'a', mismatch],
    ['of one action', { actions: { a: { purposes: ['p'] } } }, 'p', 'a', 'allow'],
    ['of one action', { actions: { a: { purposes: ['p'] } } }, 'q', 'a', mismatch],
    ['of another action', { actions: { b: { purposes: ['p'] } } }, 'q', 'a', 'allow'],
    ['an action below is another', { actions: { 'a.b': { purposes: [] } } }, 'p', 'a', 'allow'],
    ['both lists, in both', { purposes: ['p', 'q'], actions: { a: { purposes: ['q', 'r'] } } }, 'q', 'a', 'allow'],
    ['both lists, in the first', { purposes: ['p', 'q'], actions: { a: { purposes: ['q', 'r'] } } }, 'p', 'a', mismatch],
    ['both lists, in the second', { purposes: ['p', 'q'], actions: { a: { purposes: ['q', 'r'] } } }, 'r', 'a', mismatch],
  ])('%s: %j, %s for %s: %s', async (_, policy, purpose, action, expected) => {
    expect(await answerTo(policy, task(purpose), {}, action)).toBe(expected)
  })

  it('the record tells it from the route\'s', async () => {
    expect((await recordOf({ purposes: ['q'] }, task('p'))).detail).toBe('local policy does not have the purpose "p" for the action')
    expect((await recordOf({}, task('p'), { purposes: ['q'] })).detail).toBe('the action is not for the purpose "p"')
  })

  it('is answered before there is any talk of capabilities, also where the action is none', async () => {
    expect(await answerTo({ purposes: ['q'] }, task('p'), {}, 'c')).toBe(mismatch)
    expect(await answerTo({ purposes: ['q'] }, task('p'), {}, 'no action')).toBe(mismatch)
    expect(await answerTo({ actions: { c: { purposes: ['q'] } } }, task('p'), {}, 'c')).toBe(mismatch)
    expect(await answerTo({ actions: { c: { purposes: ['q'] } } }, task('p'), {}, 'no action')).toBe('aap_invalid_capability RTE-1')
  })

  it('and comes after the times of the task, before its sensitivity (ORD-1)', async () => {
    const policy: Policy = { purposes: ['q'] }
    expect(await answerTo(policy, { aap_task: { id: 't', purpose: 'p', expires_at: 1 } })).toBe('aap_task_mismatch TSK-1')
    expect(await answerTo(policy, { aap_task: { id: 't', purpose: 'p', data_sensitivity: 'public' } }, { classification: 'restricted' })).toBe(mismatch)
    expect(await answerTo({ purposes: ['p'] }, { aap_task: { id: 't', purpose: 'p', data_sensitivity: 'public' } }, { classification: 'restricted' })).toBe('aap_task_mismatch TSK-3')
  })
})

describe('TSK-2: a route\'s purposes and the policy\'s hold together', () => {
  // The policy has p and q; the token says which.
  const rows: [string, unknown, string, string][] = [
    ['the same list', ['p', 'q'], 'p', 'allow 0'],
    ['a list that is in both', ['q', 'r'], 'q', 'allow 0'],
    ['only the route', ['q', 'r'], 'r', mismatch],
    ['only the policy', ['q', 'r'], 'p', mismatch],
    ['an empty list', [], 'p', mismatch],
    ['a hook that gives a list', () => ['p'], 'p', 'allow 0'],
    ['a hook that gives another', () => ['r'], 'p', mismatch],
    ['a hook that judges yes', () => true, 'p', 'allow 0'],
    ['a hook that judges yes is no way around the policy', () => true, 'r', mismatch],
    ['a hook that judges no', () => false, 'p', mismatch],
    ['a hook that knows nothing', () => undefined, 'p', mismatch],
    ['a hook that answers nonsense', () => 'p', 'p', mismatch],
    ['a hook that is asked about the task', (_: unknown, { purpose }: { purpose: string }) => purpose === 'q', 'q', 'allow 0'],
  ]

  it.each(rows)('%s', async (_, purposes, purpose, expected) => {
    const { decideRoute } = deciding({ policy: { purposes: ['p', 'q'] }, claims: task(purpose) })
    expect(outcomeOf(await decideRoute(compileRoute('a', { purposes } as never)))).toBe(expected)
  })

  it('a hook that promises', async () => {
    const { decideRoute } = deciding({ policy: { purposes: ['p'] }, claims: task('q') })
    expect(outcomeOf(await decideRoute(compileRoute('a', { purposes: async () => true })))).toBe(mismatch)
  })

  it('the action that counts is the one that the resolver names', async () => {
    const { decideRoute } = deciding({ policy: { actions: { b: { purposes: ['q'] } } }, claims: task('p'), capabilities: [{ action: 'a' }, { action: 'b' }] })
    const route = compileRoute((request: { url: string }) => request.url.slice(1), {})
    for (const [url, expected] of [['/a', 'allow 0'], ['/b', mismatch]]) expect(outcomeOf(await decideRoute(route, { hookRequest: { url } }))).toBe(expected)
  })
})
