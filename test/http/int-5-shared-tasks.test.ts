import { expect, it } from 'vitest'
import { describeSharedServers } from './shared-servers.js'

// So that each request asks the issuer, whichever process it comes to.
describeSharedServers('INT-5: servers that share a Redis', { count: 'issuer' }, (shared) => {
  it('INT-5: an ephemeral token is for the task that any of them saw it with first', async () => {
    const { issuer, statusOf } = shared
    const token = await issuer.issue({ agent_type: 'ephemeral', task_id: 'one' })
    expect(await statusOf(0, token)).toBe(200)
    issuer.amend(token, { task_id: 'another' })
    expect([await statusOf(1, token), await statusOf(0, token)]).toEqual([401, 401])
    issuer.amend(token, { task_id: 'one' })
    expect([await statusOf(1, token), await statusOf(0, token)]).toEqual([200, 200])
  })

  it('INT-5: seen is seen, also by a request that is refused', async () => {
    const { issuer, statusOf } = shared
    const token = await issuer.issue({ agent_type: 'ephemeral', task_id: 'one', scope: 'posts.read' })
    expect(await statusOf(0, token)).toBe(403)
    issuer.amend(token, { task_id: 'another', scope: 'search.web' })
    expect(await statusOf(1, token)).toBe(401)
  })
})
