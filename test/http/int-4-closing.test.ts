import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileProgram, type ChildProgram } from '../support/child-process.js'
import { misbehaviours } from '../support/agent-token-issuer.js'
import { audience, startIssuer } from './opaque-api.js'
import type { Closing } from './int-4-closing-process.js'

describe('INT-4: revocations that wait keep no process alive', () => {
  let program: ChildProgram
  beforeAll(async () => { program = await compileProgram(new URL('int-4-closing-process.ts', import.meta.url)) })
  afterAll(() => { program.remove() })

  it.each([['closed', true], ['left alone', false]] as const)('INT-4: of a guard that is %s', async (_title, closes) => {
    const issuer = await startIssuer()
    issuer.misbehave('revoke', misbehaviours.fail)
    const token = await issuer.issue({ max_operations: 1, expires_on_completion: true })
    const child = fork(program.main)
    const [ended, answered] = [once(child, 'exit'), once(child, 'message')]
    const closing: Closing = { options: { issuer: issuer.trusted(), audience }, token, closes }
    child.send(closing)
    expect((await answered)[0]).toBe(200)
    expect(await ended).toEqual([0, null])
    // It was tried, and not until it succeeds.
    expect(issuer.revocations.length).toBeLessThan(3)
  })
})
