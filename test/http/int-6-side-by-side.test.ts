import { describe, expect, it } from 'vitest'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { opaqueKinds, startIssuer, startOpaqueApi } from './opaque-api.js'
import { stoppedClock } from '../support/stopped-clock.js'

expectHealthyProcess()

const wanted = { scope: 'search.web read:web', task_id: 'task-123', task_type: 'research', intent_description: 'research_and_draft_article', orchestrator_id: 'orchestrator-1', environment: 'production', max_operations: 10 }

/** What a JWT says to authorize the same as an agent token of these parameters. */
const claims = exampleClaims({
  sub: 'agent-7', client_id: 'agent-7', scope: 'search.web read:web',
  aap_agent: { id: 'agent-7', type: 'autonomous', operator: 'org:example', runtime: { environment: 'production' } },
  aap_task: { id: 'task-123', purpose: 'research_and_draft_article' },
  aap_capabilities: [{ action: 'search.web', constraints: {} }],
  aap_delegation: { depth: 0, max_depth: 10 },
  aap_oversight: undefined, aap_context: undefined, aap_audit: undefined, act: undefined,
})

describe.each(opaqueKinds)('INT-6: opaque tokens and JWTs on one server, %s', (kind) => {
  it('INT-6: of one issuer: handlers see one shape, and records have the same names', async () => {
    const issuer = await startIssuer()
    const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const opaque = await server.call('/search', { token: await issuer.issue(wanted) })
    const opaqueRecord = audit.takeDecision()
    const jwt = await server.call('/search', { token: await issuer.sign(claims) })
    const jwtRecord = audit.takeDecision()
    expect([opaque.status, jwt.status, handled]).toEqual([200, 200, ['/search', '/search']])

    const { token: opaqueToken, decision: opaqueDecision, budget, ...ofOpaque } = opaque.json
    const { token: jwtToken, decision: jwtDecision, ...ofJwt } = jwt.json
    expect(ofOpaque).toMatchObject({
      agent: { id: 'agent-7', type: 'autonomous', operator: 'org:example', organization: 'org:example', orchestrator: 'orchestrator-1', runtime: { environment: 'production' } },
      task: { id: 'task-123', purpose: 'research_and_draft_article', type: 'research' },
      capabilities: [{ action: 'search.web' }],
      delegation: { depth: 0, chain: [], delegatedBy: 'user-42' },
    })
    // The same, but for what only an answer has.
    const { agent: { organization, orchestrator, ...agent }, task: { type, ...task }, delegation: { delegatedBy, chainIncludesOrigin, ...delegation } } = ofOpaque
    expect([organization, orchestrator, type, delegatedBy, chainIncludesOrigin]).toEqual(['org:example', 'orchestrator-1', 'research', 'user-42', false])
    expect({ ...ofOpaque, agent, task, delegation }).toEqual({ ...ofJwt, delegation: expect.objectContaining(delegation) })
    expect(opaqueToken).toEqual({ ...jwtToken, kind: 'opaque', id: expect.any(String), expiresAt: expect.any(Number) })
    expect([opaqueToken.kind, jwtToken.kind]).toEqual(['opaque', 'jwt'])
    expect(opaqueDecision.capability).toEqual(jwtDecision.capability)
    expect(budget).toEqual({ maxOperations: 10, remaining: 10, expiresOnCompletion: false })

    const common = ['kind', 'outcome', 'method', 'path', 'issuer', 'subject', 'client_id', 'agent_id', 'agent_type', 'agent_operator', 'agent_environment', 'task_id', 'task_purpose', 'delegation_depth', 'action', 'capability_index'] as const
    for (const name of common) expect([name, opaqueRecord[name as 'kind']]).toEqual([name, jwtRecord[name as 'kind']])
    expect(opaqueRecord).toMatchObject({ agent_type: 'autonomous', agent_organization: 'org:example', agent_orchestrator: 'orchestrator-1', agent_environment: 'production', task_type: 'research', delegated_by: 'user-42' })
    expect(issuer.asked).toHaveLength(1)
  })

  it('INT-6: of two issuers, one of which has opaque tokens only', async () => {
    const [jwts, opaque] = [await startIssuer(), await startIssuer()]
    const { server, audit } = await startOpaqueApi(kind, { issuer: [{ issuer: jwts.issuer }, opaque.trusted({ jwts: 'refuse' })] })
    expect((await server.call('/search', { token: await opaque.issue() })).json.token).toMatchObject({ kind: 'opaque', issuer: opaque.issuer })
    expect((await server.call('/search', { token: await jwts.sign(claims) })).json.token).toMatchObject({ kind: 'jwt', issuer: jwts.issuer })
    audit.clear()
    // The one has no JWTs, and the other no opaque tokens.
    expect((await server.call('/search', { token: await opaque.sign(claims) })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('TOK-1')
    expect((await server.call('/search', { token: await jwts.issue() })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('INT-1')
    expect([jwts.asked, opaque.asked.length]).toEqual([[], 2])
  })

  it('INT-6: a delegated token: depth and chain are in the request and in the record', async () => {
    const issuer = await startIssuer()
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const child = await issuer.issue({ parent_token: await issuer.issue() })
    const grandchild = await issuer.issue({ parent_token: child })
    const answer = await server.call('/search', { token: grandchild })
    expect(answer.json.delegation).toMatchObject({ depth: 2, maxDepth: 10, chain: [{ sub: 'agent-7' }, { sub: expect.stringMatching(/^agent-7\//) }], delegatedBy: 'user-42' })
    expect(audit.takeDecision()).toMatchObject({ delegation_depth: 2, delegation_chain: ['agent-7', expect.stringMatching(/^agent-7\//)] })
    issuer.amend(child, { delegation_chain: undefined })
    expect([(await server.call('/search', { token: child })).status, audit.takeDecision().rule?.slice(0, 3)]).toEqual([403, 'DEL'])
  })

  it('INT-3: scopes by name and by table, within the scopes of the task', async () => {
    const issuer = await startIssuer()
    const byName = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const byTable = await startOpaqueApi(kind, { issuer: issuer.trusted({ scopes: { 'read:web': ['search.web', { action: 'posts.read', constraints: { max_requests_per_hour: 1 } }], 'search.web': 'cms.publish' } }), ...stoppedClock() })
    const statuses = async ({ server }: typeof byName, token: string): Promise<number[]> => {
      const found: number[] = []
      for (const path of ['/search', '/posts', '/publish', '/posts']) found.push((await server.call(path, { token })).status)
      return found
    }
    const token = await issuer.issue({ scope: 'search.web posts.read read:web' })
    expect([await statuses(byName, token), await statuses(byTable, token)]).toEqual([[200, 200, 403, 200], [200, 200, 200, 429]])
    const narrowed = await issuer.issue({ scope: 'search.web posts.read read:web', task_scopes: 'posts.read cms.publish' })
    expect([await statuses(byName, narrowed), await statuses(byTable, narrowed)]).toEqual([[403, 200, 403, 200], [403, 403, 403, 403]])
  })

  it('INT-6: without purpose a route that names purposes denies', async () => {
    const issuer = await startIssuer()
    const { server, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const call = async (path: string, token: string): Promise<unknown> => {
      const { status, json } = await server.call(path, { token })
      return status === 200 ? status : json.error
    }
    const without = await issuer.issue()
    expect([await call('/search', without), await call('/research', without)]).toEqual([200, 'aap_task_mismatch'])
    expect([await call('/research', await issuer.issue({ task_type: 'research' })), await call('/research', await issuer.issue({ task_type: 'research', intent_description: 'something else' }))]).toEqual([200, 'aap_task_mismatch'])
    expect(handled).toEqual(['/search', '/research'])
  })

  it('INT-2: an answer with AAP claims is read by them, and its budget holds beside them', async () => {
    const issuer = await startIssuer()
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const token = await issuer.issue({ scope: 'cms.publish', max_operations: 1 })
    const { aap_agent, aap_task, aap_capabilities } = claims
    issuer.amend(token, { aap_agent, aap_task, aap_capabilities })
    expect((await server.call('/publish', { token })).status).toBe(403)
    expect((await server.call('/search', { token })).json).toMatchObject({ agent: { id: 'agent-7' }, budget: { maxOperations: 1 }, token: { kind: 'opaque' } })
    audit.clear()
    expect((await server.call('/search', { token })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('INT-4')
    const half = await issuer.issue()
    issuer.amend(half, { aap_agent })
    expect((await server.call('/search', { token: half })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('DIA-5')
  })
})

it('INT-1: the issuer gives tokens only to whom it should', async () => {
  const issuer = await startIssuer()
  expect(await issuer.request({ task_id: 't', max_operations: 3, expires_on_completion: true })).toMatchObject({ status: 200, body: { access_token: expect.stringMatching(/^agt_/), token_type: 'Bearer', expires_in: 900, agent_type: 'autonomous', scope: 'search.web', task_id: 't', max_operations: 3, expires_on_completion: true } })
  for (const [wanted, status] of [[{ client_secret: 'wrong' }, 401], [{ agent_type: 'robot' }, 400], [{ scope: 'everything' }, 400], [{ delegated_by_user_id: undefined }, 400]] as const) {
    expect((await issuer.request(wanted)).status).toBe(status)
  }
})
