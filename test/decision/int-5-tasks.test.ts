import { describe, expect, it } from 'vitest'
import { LocalShare } from '../../src/state/local-share.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { StoreGate } from '../../src/decision/store-gate.js'
import { TaskBindings } from '../../src/decision/task-bindings.js'
import type { Admission, AdmissionVerdict, StateStore } from '../../src/model/store.js'
import type { MaybePromise } from '../../src/model/maybe-promise.js'
import type { VerifiedToken } from '../../src/token/verify-token.js'

const nowMs = Date.UTC(2030, 4, 6, 12)

/** What the decisions look at of a token that an answer gave. */
function tokenOf(task?: string, key = 'token'): VerifiedToken {
  return { times: { expiresAt: nowMs / 1000 + 300 }, ...(task !== undefined && { task: { key, task } }) } as VerifiedToken
}

interface Bound {
  readonly tasks: TaskBindings
  readonly asked: readonly Admission[]
}

function bindingsBy(admit: (admission: Admission) => MaybePromise<AdmissionVerdict>, { timeoutMs = 10_000, share }: { readonly timeoutMs?: number; readonly share?: LocalShare } = {}): Bound {
  const asked: Admission[] = []
  const store: StateStore = {
    name: 'test',
    admit: (admission) => {
      asked.push(admission)
      return admit(admission)
    },
  }
  return { tasks: new TaskBindings(new StoreGate({ store, timeoutMs, share, onEvent: () => undefined })), asked }
}

describe('INT-5: the task of an ephemeral token', () => {
  it('is asked of the store once an answer, for as long as the token lives and ten minutes more', () => {
    const store = memoryStore()
    const { tasks, asked } = bindingsBy((admission) => store.admit(admission))
    const first = tokenOf('one')
    const second = tokenOf('two')
    for (let i = 0; i < 3; i++) expect([tasks.check(first, nowMs), tasks.check(second, nowMs)]).toEqual([undefined, expect.objectContaining({ code: 'invalid_token', rule: 'INT-5' })])
    expect(asked).toHaveLength(2)
    expect(asked[0]).toEqual({ scope: 'token', task: { key: 'token', task: 'one', keepMs: 900_000 }, alternatives: [] })
  })

  it('is no matter of other tokens', () => {
    const { tasks, asked } = bindingsBy(() => { throw new Error('not asked') })
    expect(tasks.check(tokenOf(), nowMs)).toBeUndefined()
    expect(asked).toEqual([])
  })

  it('many requests that come with the same answer wait for one look', async () => {
    const store = memoryStore()
    const { tasks, asked } = bindingsBy(async (admission) => store.admit(admission))
    const token = tokenOf('one')
    expect(await Promise.all(Array.from({ length: 50 }, async () => tasks.check(token, nowMs)))).toEqual(Array.from({ length: 50 }, () => undefined))
    expect(tasks.check(token, nowMs)).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  const failures: readonly (readonly [string, () => MaybePromise<AdmissionVerdict>])[] = [
    ['throws', () => { throw new Error('broken') }],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['knows nothing of tasks', () => ({ outcome: 'admitted', alternative: -1 })],
    ['answers that later', async () => Promise.resolve({ outcome: 'admitted', alternative: -1 })],
    ['says full', () => ({ outcome: 'full', retryAfterMs: 1 })],
    ['says nothing', () => undefined as never],
  ]
  it.each(failures)('is not known where the store %s, and asked again', async (_, fail) => {
    const store = memoryStore()
    let isBroken = true
    const { tasks, asked } = bindingsBy((admission) => (isBroken ? fail() : store.admit(admission)))
    const token = tokenOf('one')
    for (let i = 0; i < 2; i++) expect(await tasks.check(token, nowMs)).toMatchObject({ code: 'temporarily_unavailable', rule: 'QTA-6', retryAfterSeconds: 1 })
    isBroken = false
    expect(await tasks.check(token, nowMs)).toBeUndefined()
    expect(asked).toHaveLength(3)
  })

  it('is not known where the store does not answer in time', async () => {
    const { tasks } = bindingsBy(() => new Promise<never>(() => undefined), { timeoutMs: 10 })
    expect(await tasks.check(tokenOf('one'), nowMs)).toMatchObject({ code: 'temporarily_unavailable', rule: 'QTA-6' })
  })

  it('QTA-6: is never counted in this process in place of the store', () => {
    const { tasks } = bindingsBy(() => { throw new Error('broken') }, { share: new LocalShare(2, {}) })
    expect(tasks.check(tokenOf('one'), nowMs)).toMatchObject({ code: 'temporarily_unavailable', rule: 'QTA-6' })
  })
})
