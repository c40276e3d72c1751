import { describe, expect, it } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import type { Members } from '../support/agent-token-issuer.js'
import { opaqueKinds, startIssuer, startOpaqueApi, testClock } from './opaque-api.js'

expectHealthyProcess()

describe.each(opaqueKinds)('INT-5 on %s', (kind) => {
  it('INT-5: a lifetime above an hour is refused, or above what is configured', async () => {
    const issuer = await startIssuer()
    const answers = async (maxLifetime: number | undefined, wanted: Members, members: Members = {}): Promise<unknown> => {
      const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted(maxLifetime === undefined ? {} : { maxLifetime }) })
      const token = await issuer.issue(wanted)
      issuer.amend(token, members)
      const { status } = await server.call('/search', { token })
      return [status, audit.takeDecision().rule]
    }
    expect(await answers(undefined, { expires_in: 3_600 })).toEqual([200, undefined])
    expect(await answers(undefined, { expires_in: 3_601 })).toEqual([401, 'INT-5'])
    expect(await answers(undefined, {}, { iat: undefined })).toEqual([401, 'INT-5'])
    expect(await answers(900, { expires_in: 900 })).toEqual([200, undefined])
    expect(await answers(899, { expires_in: 900 })).toEqual([401, 'INT-5'])
    expect(await answers(86_400, { expires_in: 86_400 })).toEqual([200, undefined])
    expect(await answers(Infinity, { expires_in: 1e9 }, { iat: undefined })).toEqual([200, undefined])
  })

  it('INT-5: an ephemeral token is for the one task that it was first seen with', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted(), now: clock.now })
    const call = async (token: string): Promise<unknown> => {
      const { status } = await server.call('/search', { token })
      return [status, audit.takeDecision().rule]
    }
    expect(await call(await issuer.issue({ agent_type: 'ephemeral' }))).toEqual([401, 'INT-5'])
    const token = await issuer.issue({ agent_type: 'ephemeral', task_id: 'one' })
    expect(await call(token)).toEqual([200, undefined])
    clock.pass(30_000)
    issuer.amend(token, { task_id: 'another' })
    expect([await call(token), await call(token)]).toEqual([[401, 'INT-5'], [401, 'INT-5']])
    clock.pass(30_000)
    issuer.amend(token, { task_id: 'one' })
    expect(await call(token)).toEqual([200, undefined])
    // Another token may be for another task, and another kind of agent may go on to another.
    expect(await call(await issuer.issue({ agent_type: 'ephemeral', task_id: 'another' }))).toEqual([200, undefined])
    const autonomous = await issuer.issue({ task_id: 'one' })
    expect(await call(autonomous)).toEqual([200, undefined])
    clock.pass(30_000)
    issuer.amend(autonomous, { task_id: 'another' })
    expect(await call(autonomous)).toEqual([200, undefined])
  })
})
