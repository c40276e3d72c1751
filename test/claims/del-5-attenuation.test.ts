import { describe, expect, it } from 'vitest'
import { defineConstraint, deny, isAttenuationOf, pass, type AgentAuthorization, type AuthorizationOfToken } from '../../src/index.js'
import { childOf, compare, compareConstraints, parentOf, saidOf, type Claims } from './delegated.js'

/** A table row: what the child's claims and the parent's say, and the differences in a few words. */
type Row = readonly [about: string, child: Claims, parent: Claims, said: readonly string[]]

const day = { start: '2025-01-01T00:00:00Z', end: '2025-01-02T00:00:00Z' }
const hour = { start: '2025-01-01T10:00:00Z', end: '2025-01-01T11:00:00Z' }

describe('DEL-5: an attenuation and its differences', () => {
  it('a child that keeps to everything has none', () => {
    expect(compare({}, {})).toEqual({ isAttenuation: true, differences: [] })
  })

  it('each difference says where, by which rule, and what both have', () => {
    const { isAttenuation, differences } = compareConstraints([{ max_requests_per_hour: 100, domains_allowed: ['example.org'] }], [{ max_requests_per_hour: 50, domains_allowed: ['example.org'], allowed_methods: ['GET'] }])
    expect(isAttenuation).toBe(false)
    expect(differences).toEqual([
      { path: 'capabilities[0].constraints.allowed_methods', rule: 'CON-5', detail: 'the parent has this constraint, the child has not', parent: ['GET'] },
      { path: 'capabilities[0].constraints.max_requests_per_hour', rule: 'CON-1', detail: 'the value is looser than the parent\'s, or may be', child: 100, parent: 50 },
    ])
  })

  it('everything is compared, in the order of the claims', () => {
    const child = { task: { id: 't', purpose: 'p' }, capabilities: [{ action: 'b' }], delegation: { depth: 2, max_depth: 9, chain: ['x', 'y', 'z'] } }
    const parent = { oversight: { requires_human_approval_for: ['a'] }, context: { network_zone: 'dmz' } }
    expect(saidOf(compare(child, parent))).toEqual([
      'task.id DEL-5', 'task.purpose TSK-2', 'capabilities[0] CAP-2', 'oversight.requiresHumanApprovalFor OVS-1', 'delegation.depth DEL-1', 'delegation.maxDepth DEL-1', 'delegation.chain DEL-2', 'context.networkZone CTX-1',
    ])
  })

  it('AUD-5: the answer is frozen, and what was compared is not touched', () => {
    const child: AgentAuthorization = structuredClone(childOf())
    const parent: AgentAuthorization = structuredClone(parentOf({ capabilities: [{ action: 'a', constraints: { domains_allowed: ['x'] } }] }))
    const before = structuredClone([child, parent])
    const attenuation = isAttenuationOf(child, parent)
    expect([attenuation, attenuation.differences, attenuation.differences[0]].map((part) => Object.isFrozen(part))).toEqual([true, true, true])
    expect([child, parent]).toEqual(before)
    expect(Object.isFrozen(parent.capabilities[0]?.constraints.domains_allowed)).toBe(false)
  })

  it('a token is no attenuation of itself: it is no step further', () => {
    expect(saidOf(isAttenuationOf(parentOf(), parentOf()))).toEqual(['delegation.depth DEL-1', 'delegation.chain DEL-2'])
  })

  it('agent and operator are a sub-agent\'s own, and so is what decides nothing', () => {
    const child = { agent: { id: 'x', type: 'y', operator: 'z', model: 'm' }, audit: { trace_id: 't' }, task: { id: 'task-1', purpose: 'research', created_by: 'planner', context: { note: 1 } } }
    expect(saidOf(compare(child, { audit: { log_level: 'full' } }))).toEqual([])
  })
})

describe('DEL-5: the task', () => {
  const task = (members: object) => ({ task: { id: 'task-1', purpose: 'research', ...members } })

  it.each<Row>([
    ['another task', task({ id: 'task-2' }), {}, ['task.id DEL-5']],
    ['another purpose', task({ purpose: 'research2' }), {}, ['task.purpose TSK-2']],
    ['no sensitivity where the parent has one', {}, task({ data_sensitivity: 'internal' }), ['task.dataSensitivity TSK-3']],
    ['a lower one', task({ data_sensitivity: 'public' }), task({ data_sensitivity: 'internal' }), []],
    ['the same', task({ data_sensitivity: 'personal' }), task({ data_sensitivity: 'personal' }), []],
    ['a higher one', task({ data_sensitivity: 'confidential' }), task({ data_sensitivity: 'internal' }), ['task.dataSensitivity TSK-3']],
    ['one beside it', task({ data_sensitivity: 'restricted' }), task({ data_sensitivity: 'personal' }), ['task.dataSensitivity TSK-3']],
    ['one where the parent has none', task({ data_sensitivity: 'personal' }), {}, []],
    ['one that nobody knows, in both', task({ data_sensitivity: 'secret' }), task({ data_sensitivity: 'secret' }), []],
    ['one that nobody knows, in the child', task({ data_sensitivity: 'secret' }), task({ data_sensitivity: 'personal' }), ['task.dataSensitivity TSK-3']],
    ['one that nobody knows, in the parent', task({ data_sensitivity: 'public' }), task({ data_sensitivity: 'secret' }), ['task.dataSensitivity TSK-3']],
    ['begins earlier', task({ created_at: 99 }), task({ created_at: 100 }), ['task.createdAt TSK-1']],
    ['begins at no stated time', {}, task({ created_at: 100 }), ['task.createdAt TSK-1']],
    ['begins at the same time, written otherwise', task({ created_at: '2025-01-01T01:00:00+01:00' }), task({ created_at: 1735689600 }), []],
    ['begins later', task({ created_at: 101 }), task({ created_at: 100 }), []],
    ['ends later', task({ expires_at: 101 }), task({ expires_at: 100 }), ['task.expiresAt TSK-1']],
    ['ends never', {}, task({ expires_at: 100 }), ['task.expiresAt TSK-1']],
    ['ends at the same time', task({ expires_at: 100 }), task({ expires_at: 100 }), []],
    ['ends, where the parent\'s does not', task({ expires_at: 100 }), {}, []],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compare(child, parent))).toEqual(said)
  })
})

describe('DEL-5, CTX-1: the context', () => {
  const context = (members: object) => ({ context: members })

  it.each<Row>([
    ['none, and an empty one', {}, context({}), []],
    ['no window', {}, context({ time_window: day }), ['context.timeWindow CTX-1']],
    ['the same window', context({ time_window: day }), context({ time_window: day }), []],
    ['one within', context({ time_window: hour }), context({ time_window: day }), []],
    ['one around', context({ time_window: day }), context({ time_window: hour }), ['context.timeWindow CTX-1']],
    ['one where the parent has none', context({ time_window: hour }), {}, []],
    ['no zone', context({}), context({ network_zone: 'dmz' }), ['context.networkZone CTX-1']],
    ['another zone', context({ network_zone: 'DMZ' }), context({ network_zone: 'dmz' }), ['context.networkZone CTX-1']],
    ['the same zone', context({ network_zone: 'dmz' }), context({ network_zone: 'dmz' }), []],
    ['no country', {}, context({ geo_restriction: ['DE'] }), ['context.geoRestriction CTX-1']],
    ['none, which means none', context({ geo_restriction: 'none' }), context({ geo_restriction: ['DE'] }), ['context.geoRestriction CTX-1']],
    ['a restriction where the parent has none', context({ geo_restriction: 'DE' }), context({ geo_restriction: 'none' }), []],
    ['fewer countries', context({ geo_restriction: 'DE' }), context({ geo_restriction: ['FR', 'DE'] }), []],
    ['no country at all', context({ geo_restriction: [] }), context({ geo_restriction: ['DE'] }), []],
    ['another country', context({ geo_restriction: ['DE', 'US'] }), context({ geo_restriction: ['DE'] }), ['context.geoRestriction CTX-1']],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compare(child, parent))).toEqual(said)
  })
})

describe('DEL-5: oversight', () => {
  const oversight = (members: object) => ({ oversight: members })
  const supervised = { agent: { id: 'x', type: 'supervised', operator: 'o' } }

  it.each<Row>([
    ['OVS-1: an approval that is no longer needed', oversight({ requires_human_approval_for: ['a'] }), oversight({ requires_human_approval_for: ['a', 'b'] }), ['oversight.requiresHumanApprovalFor OVS-1']],
    ['OVS-1: no oversight at all', {}, oversight({ requires_approval_for: ['x'] }), ['oversight.requiresHumanApprovalFor OVS-1']],
    ['OVS-1: more of them, by another name', oversight({ requires_approval_for: ['b', 'a'] }), oversight({ requires_human_approval_for: ['a'] }), []],
    ['OVS-4: supervised and then not', oversight({}), oversight({ level: 'supervised' }), ['oversight.level OVS-4']],
    ['OVS-4: supervised and then something else', oversight({ level: 'full' }), oversight({ level: 'supervised' }), ['oversight.level OVS-4']],
    ['OVS-4: supervised', oversight({ level: 'supervised' }), oversight({ level: 'supervised' }), []],
    ['OVS-4: supervised by the agent\'s type, and then not', {}, supervised, ['oversight.level OVS-4']],
    ['OVS-4: supervised by the agent\'s type, and then by level', oversight({ level: 'supervised' }), supervised, []],
    ['OVS-4: supervised by level, and then by the agent\'s type', supervised, oversight({ level: 'supervised' }), []],
    ['OVS-4: supervised, where the parent is not', oversight({ level: 'supervised' }), oversight({ level: 'full' }), []],
    ['a level that nobody knows is kept', oversight({ level: 'full' }), oversight({ level: 'full' }), []],
    ['a level that nobody knows is lost', {}, oversight({ level: 'full' }), ['oversight.level OVS-4']],
    ['a level where the parent has none', oversight({ level: 'full' }), {}, []],
    ['OVS-2: a shorter time for approvals', oversight({ approval_timeout: 10 }), oversight({ approval_timeout: 60 }), []],
    ['OVS-2: a longer one', oversight({ approval_timeout: 61 }), oversight({ approval_timeout: 60 }), ['oversight.approvalTimeoutSeconds OVS-2']],
    ['OVS-2: none', {}, oversight({ approval_timeout: 60 }), ['oversight.approvalTimeoutSeconds OVS-2']],
    ['OVS-5: a notification less', oversight({ notify_on: [] }), oversight({ notify_on: ['a'] }), ['oversight.notifyOn OVS-5']],
    ['OVS-5: the same workflow', oversight({ approval_workflow: { type: 'webhook', url: 'x' } }), oversight({ approval_workflow: { url: 'x', type: 'webhook' } }), []],
    ['OVS-5: another workflow', oversight({ approval_workflow: { type: 'webhook' } }), oversight({ approval_workflow: { type: 'slack_channel' } }), ['oversight.approvalWorkflow OVS-5']],
    ['OVS-5: no workflow', {}, oversight({ approval_workflow: { type: 'slack_channel' } }), ['oversight.approvalWorkflow OVS-5']],
    ['where to ask is the child\'s own', oversight({ approval_reference: 'https://as.example.com/2' }), oversight({ approval_reference: 'https://as.example.com/1' }), []],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compare(child, parent))).toEqual(said)
  })
})

describe('DEL-5: delegation', () => {
  const delegation = (depth: number, max_depth: number, chain?: readonly unknown[], more: object = {}) => ({ delegation: { depth, max_depth, ...(chain !== undefined && { chain }), ...more } })
  const hop = (sub: string, delegated_at?: number) => ({ sub, ...(delegated_at !== undefined && { delegated_at }) })

  it.each<Row>([
    ['DEL-1: the parent has no delegation claim, so that it may not be handed on', delegation(1, 1, ['planner', 's']), { delegation: undefined }, ['delegation.depth DEL-1', 'delegation.maxDepth DEL-1']],
    ['DEL-1: neither has one', { delegation: undefined }, { delegation: undefined }, ['delegation.depth DEL-1', 'delegation.chain DEL-2']],
    ['DEL-1: no step', delegation(0, 3, ['planner']), delegation(0, 3, ['planner']), ['delegation.depth DEL-1', 'delegation.chain DEL-2']],
    ['DEL-1: two steps', delegation(2, 3, ['planner', 'a', 'b']), delegation(0, 3, ['planner']), ['delegation.depth DEL-1', 'delegation.chain DEL-2']],
    ['DEL-1: the last step that is allowed', delegation(3, 3, ['planner', 'a', 'b', 'c']), delegation(2, 3, ['planner', 'a', 'b']), []],
    ['DEL-1, DEL-6: one step too far', delegation(4, 4, ['planner', 'a', 'b', 'c', 'd']), delegation(3, 3, ['planner', 'a', 'b', 'c']), ['delegation.depth DEL-1', 'delegation.maxDepth DEL-1']],
    ['DEL-1: a lower maximum', delegation(1, 1, ['planner', 's']), delegation(0, 3, ['planner']), []],
    ['DEL-1: a higher maximum', delegation(1, 4, ['planner', 's']), delegation(0, 3, ['planner']), ['delegation.maxDepth DEL-1']],
    ['DEL-2: another origin', delegation(1, 3, ['boss', 's']), delegation(0, 3, ['planner']), ['delegation.chain DEL-2']],
    ['DEL-2: somebody else on the way', delegation(2, 3, ['planner', 'x', 's']), delegation(1, 3, ['planner', 'a']), ['delegation.chain DEL-2']],
    ['DEL-2: hops, the first', delegation(1, 3, [hop('s', 5)]), delegation(0, 3), []],
    ['DEL-2: hops, one more', delegation(2, 3, [hop('a', 5), hop('s', 6)]), delegation(1, 3, [hop('a', 5)]), []],
    ['DEL-2: hops, somebody else', delegation(2, 3, [hop('b', 5), hop('s', 6)]), delegation(1, 3, [hop('a', 5)]), ['delegation.chain DEL-2']],
    ['DEL-2: hops, at another time', delegation(2, 3, [hop('a', 4), hop('s', 6)]), delegation(1, 3, [hop('a', 5)]), ['delegation.chain DEL-2']],
    ['DEL-2: hops, without their time', delegation(2, 3, [hop('a'), hop('s', 6)]), delegation(1, 3, [hop('a', 5)]), ['delegation.chain DEL-2']],
    ['DEL-2: hops, and then everyone', delegation(2, 3, ['planner', 'a', 's']), delegation(1, 3, [hop('a')]), ['delegation.chain DEL-2']],
    ['DEL-2: everyone, and then hops', delegation(2, 3, [hop('a'), hop('s')]), delegation(1, 3, ['planner', 'a']), ['delegation.chain DEL-2']],
    ['DEL-2: the origin, and then hops', delegation(1, 3, [hop('s')]), delegation(0, 3, ['planner']), ['delegation.chain DEL-2']],
    ['DEL-2: no chain, and then everyone', delegation(1, 3, ['anyone', 's']), delegation(0, 3), []],
    ['DEL-3: acting parties of the chain', { ...delegation(2, 3, ['planner', 'a', 's']), act: { sub: 's', act: { sub: 'a' } } }, { ...delegation(1, 3, ['planner', 'a']), act: { sub: 'a' } }, []],
    ['DEL-2: parent_jti where the parent\'s token is not known', delegation(1, 3, ['planner', 's'], { parent_jti: 'j' }), delegation(0, 3, ['planner']), []],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compare(child, parent))).toEqual(said)
  })

  const withDelegation = (authorization: AgentAuthorization, more: Partial<AgentAuthorization['delegation']>): AgentAuthorization => ({ ...authorization, delegation: { ...authorization.delegation, ...more } })

  it.each<[string, AgentAuthorization, AgentAuthorization, readonly string[]]>([
    ['DEL-3: an actor who is not in the child\'s chain', withDelegation(childOf(), { actors: ['x'] }), parentOf(), ['delegation DEL-3']],
    ['DEL-1: a child beyond its own maximum', withDelegation(childOf(), { maxDepth: 0 }), parentOf(), ['delegation DEL-1']],
    ['DEL-2: a hop in front of its time', withDelegation(childOf(), { depth: 2, chainIncludesOrigin: false, chain: [{ sub: 'a', delegatedAt: 5 }, { sub: 's', delegatedAt: 4 }] }), withDelegation(parentOf(), { depth: 1, chainIncludesOrigin: false, chain: [{ sub: 'a', delegatedAt: 5 }] }), ['delegation DEL-2']],
    ['DEL-2: everyone, and then hops of as many', withDelegation(childOf(), { chainIncludesOrigin: false }), parentOf(), ['delegation.chain DEL-2']],
    ['DEL-3: a parent that no server accepts', childOf(), withDelegation(parentOf(), { actors: ['planner'] }), ['delegation DEL-3']],
    ['DEL-2: a parent whose chain is too long', withDelegation(childOf(), { chain: ['a', 'b', 'c'].map((sub) => ({ sub })) }), withDelegation(parentOf(), { chain: ['a', 'b'].map((sub) => ({ sub })) }), ['delegation DEL-2', 'delegation DEL-2']],
  ])('a delegation that contradicts itself: %s', (_, child, parent, said) => {
    expect(saidOf(isAttenuationOf(child, parent))).toEqual(said)
  })
})

describe('DEL-5: the tokens, where both are known', () => {
  const parentToken = { issuer: 'https://as.example.com', id: 'j1', subject: 'spiffe://example.com/planner', expiresAt: 1000 }
  const childToken = { issuer: 'https://as.example.com', id: 'j2', subject: 'spiffe://example.com/searcher', expiresAt: 900 }
  const delegated = (parent_jti?: string) => childOf({ delegation: { depth: 1, max_depth: 3, chain: ['planner', 'searcher'], ...(parent_jti !== undefined && { parent_jti }) } })
  const child = (token: object = {}, authorization = delegated()): AuthorizationOfToken => ({ ...authorization, token: { ...childToken, ...token } })
  const parent: AuthorizationOfToken = { ...parentOf(), token: parentToken }

  it.each<[string, AuthorizationOfToken, readonly string[]]>([
    ['expires before', child(), []],
    ['expires with it', child({ expiresAt: 1000 }), []],
    ['expires after', child({ expiresAt: 1000.5 }), ['token.expiresAt DEL-5']],
    ['expires at no time', child({ expiresAt: NaN }), ['token.expiresAt DEL-5']],
    ['another issuer', child({ issuer: 'https://as.example.com/' }), ['token.issuer DEL-5']],
    ['names its parent', child({}, delegated('j1')), []],
    ['names another parent', child({}, delegated('j0')), ['delegation.parentJti DEL-2']],
    ['names itself', child({}, delegated('j2')), ['delegation.parentJti DEL-2']],
    ['names another parent, and its own token is not known', delegated('j0'), ['delegation.parentJti DEL-2']],
    ['its token is not known', delegated(), []],
  ])('%s', (_, authorization, said) => {
    expect(saidOf(isAttenuationOf(authorization, parent))).toEqual(said)
  })

  it('parent_jti: the difference names the parent\'s token', () => {
    expect(isAttenuationOf(child({}, delegated('j0')), parent).differences[0]).toMatchObject({ child: 'j0', parent: 'j1' })
  })

  it.each<[string, readonly string[]]>([
    ['spiffe://example.com/planner', []],
    ['planner', []],
    ['boss', ['delegation.chain DEL-2']],
  ])('a parent without a chain is the origin, by subject or by agent id: %s', (origin, said) => {
    const chainless: AuthorizationOfToken = { ...parentOf({ delegation: { depth: 0, max_depth: 3 } }), token: parentToken }
    expect(saidOf(isAttenuationOf(childOf({ delegation: { depth: 1, max_depth: 3, chain: [origin, 'searcher'] } }), chainless))).toEqual(said)
  })
})

describe('DEL-5: capabilities', () => {
  const quota = (limit: number) => ({ max_requests_per_hour: limit })
  const get = { allowed_methods: ['GET'] }

  it.each<[string, readonly object[], readonly object[], readonly string[]]>([
    ['fewer', [{}], [{}, get], []],
    ['the same twice', [get, get], [get], []],
    ['narrower ones of a wider one', [get, { ...get, max_depth: 1 }, { allowed_methods: [] }], [get], []],
    ['covered by the second', [get], [{ allowed_methods: ['POST'] }, get], []],
    ['each by half of it', [{ allowed_methods: ['GET', 'POST'] }], [get, { allowed_methods: ['POST'] }], ['capabilities[0].constraints.allowed_methods CON-5']],
    ['a constraint of one and a constraint of the other', [get], [{ ...get, max_depth: 1 }, { ...get, require_encryption: true }], ['capabilities[0].constraints.max_depth CON-10']],
    ['the closest one is what it is held against', [{ ...get, max_depth: 1 }], [{ max_depth: 0, require_encryption: true }, { ...get, max_depth: 0 }], ['capabilities[0].constraints.max_depth CON-10']],
    ['the second of the child', [get, {}], [get], ['capabilities[1].constraints.allowed_methods CON-5']],
    ['QTA-1: a quota once', [quota(5)], [quota(5)], []],
    ['QTA-1: a quota twice', [quota(5), quota(5)], [quota(5)], ['capabilities[1] QTA-1']],
    ['QTA-1: a quota shared out, which is not looked for', [quota(2), quota(3)], [quota(5)], ['capabilities[1] QTA-1']],
    ['QTA-1: two quotas', [quota(5), quota(5)], [quota(5), quota(9)], []],
    ['QTA-1: two quotas, of which only one is large enough for the second', [quota(5), quota(9)], [quota(9), quota(5)], []],
    ['QTA-1: two quotas, of which one is too small', [quota(5), quota(5)], [quota(5), quota(4)], ['capabilities[1] QTA-1']],
    ['QTA-1: both quotas too small', [quota(6)], [quota(5), quota(4)], ['capabilities[0].constraints.max_requests_per_hour CON-1']],
    ['QTA-1: a quota beside one without', [quota(5), quota(5), {}], [quota(5), {}], []],
    ['QTA-1: who needs no quota leaves it to others', [{ ...get, ...quota(5) }, quota(5)], [quota(5), get], []],
    ['CON-1: another window', [{ max_requests_per_day: 1 }], [quota(5)], ['capabilities[0].constraints.max_requests_per_hour CON-1']],
    ['CON-1: another thing', [{ max_drafts_per_hour: 1 }], [quota(5)], ['capabilities[0].constraints.max_requests_per_hour CON-1']],
    ['CAP-4: a constraint more', [{ ...quota(5), max_drafts_per_day: 1 }], [quota(5)], []],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compareConstraints(child, parent))).toEqual(said)
  })

  it('CAP-2: other actions, which are compared exactly', () => {
    const said = saidOf(compare({ capabilities: [{ action: 'a' }, { action: 'A' }, { action: 'a.b' }, { action: 'b' }] }, { capabilities: [{ action: 'b' }, { action: 'a' }] }))
    expect(said).toEqual(['capabilities[1] CAP-2', 'capabilities[2] CAP-2'])
  })

  it('CAP-3: a quota that is spent in another order is no broader', () => {
    // Of GET, POST the child admits both. The parent does so for POST, GET: a GET that comes first takes the quota for all methods.
    expect(compareConstraints([{ ...get, ...quota(1) }, quota(1)], [quota(1), { ...get, ...quota(1) }]).isAttenuation).toBe(true)
  })

  it.each([
    ['a b', '["a b"]'],
    ['0', '["0"]'],
    ['', '[""]'],
    ['x"]', '["x\\"]"]'],
    ['line\nbreak', '["line\\nbreak"]'],
    ['max_requests_per_week', '.max_requests_per_week'],
    ['constructor', '.constructor'],
  ])('a path says any name: %j', (name, path) => {
    const attenuation = compareConstraints([{}], [{ [name]: 1 }])
    expect(saidOf(attenuation)).toEqual([`capabilities[0].constraints${path} CAP-5`])
    // AUD-4: neither path nor detail takes a line break out of a token.
    expect(attenuation.differences[0]?.detail).not.toContain('\n')
  })
})

describe('DEL-5: what can never hold', () => {
  it.each<[string, readonly object[], readonly object[], readonly string[]]>([
    ['TOK-10: malformed in the child: it admits nothing', [{ allowed_methods: 'GET' }], [{ max_depth: 0 }], []],
    ['TOK-10: malformed in the child, beside a good one', [{ allowed_methods: 'GET' }, {}], [{ max_depth: 0 }], ['capabilities[1].constraints.max_depth CON-10']],
    ['TOK-10: malformed in the parent: it covers nothing', [{ allowed_methods: ['GET'] }], [{ allowed_methods: 'GET' }], ['capabilities[0].constraints.allowed_methods CON-5']],
    ['TOK-10: malformed in the parent, beside a good one', [{ allowed_methods: ['GET'] }], [{ allowed_methods: 'GET' }, {}], []],
    ['TOK-10: malformed in the parent, where any value of the child would do', [{ require_encryption: true }], [{ require_encryption: 'yes' }], ['capabilities[0].constraints.require_encryption CON-12']],
    ['TOK-10: malformed in the parent by a member that nobody knows', [{ time_window: hour }], [{ time_window: { ...day, days: ['Mon'] } }], ['capabilities[0].constraints.time_window CON-4']],
    ['TOK-10: malformed in both', [{ allowed_methods: 'GET' }], [{ allowed_methods: 'GET' }], []],
    ['CAP-5: unknown in the child, and covered without it', [{ max_depth: 0, pages: 1 }], [{ max_depth: 0 }], []],
    ['CAP-5: unknown in the child, and not covered: another server may know it', [{ pages: 1 }], [{ max_depth: 0 }], ['capabilities[0].constraints.max_depth CON-10']],
    ['CAP-5: unknown in the parent', [{}], [{ pages: 1 }], ['capabilities[0].constraints.pages CAP-5']],
    ['CAP-5: unknown in both, and equal', [{ pages: { a: 1, b: [2] } }], [{ pages: { b: [2], a: 1 } }], []],
    ['CAP-5: unknown in both, and not equal', [{ pages: 1 }], [{ pages: 2 }], ['capabilities[0].constraints.pages CAP-5']],
    ['CAP-5: unknown in both, equal, and something else looser', [{ pages: 1, max_depth: 2 }], [{ pages: 1, max_depth: 1 }], ['capabilities[0].constraints.max_depth CON-10']],
    ['CAP-5: what is unknown might count, so that it covers one', [{ pages: 1 }, { pages: 1 }], [{ pages: 1 }], ['capabilities[1] QTA-1']],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compareConstraints(child, parent))).toEqual(said)
  })

  it.each(['resources', 'conditions'])('CAP-8: %s', (member) => {
    const capabilities = (...values: unknown[]) => ({ capabilities: values.map((value) => ({ action: 'a', ...(value !== undefined && { [member]: value }) })) })
    const said = (child: readonly unknown[], parent: readonly unknown[]) => saidOf(compare(capabilities(...child), capabilities(...parent)))
    expect(said([['x']], [undefined])).toEqual([])
    expect(said([['x']], [['x']])).toEqual([])
    expect(said([[], {}, '', undefined], [''])).toEqual([])
    expect(said([['x'], ['x']], [['x']])).toEqual(['capabilities[1] QTA-1'])
    expect(said([['y']], [['x']])).toEqual([`capabilities[0].${member} CAP-8`])
    expect(said([undefined], [['x']])).toEqual([`capabilities[0].${member} CAP-8`])
  })

  it('CAP-8: another action is another action', () => {
    expect(saidOf(compare({ capabilities: [{ action: 'b', resources: ['x'] }] }, {}))).toEqual(['capabilities[0] CAP-2'])
  })
})

describe('DEL-5, CAP-5: constraints that are registered', () => {
  const maxPages = defineConstraint<unknown>({
    name: 'max_pages',
    rule: 'MY-1',
    compile(limit) {
      if (typeof limit !== 'number') throw new TypeError('must be a number')
      return ({ pages }) => (pages <= limit ? pass : deny('aap_constraint_violation', 'too many'))
    },
    isNoLooser: (child, parent) => (child as number) <= (parent as number),
  })
  const options = { constraints: [maxPages] }

  it.each<[string, readonly object[], readonly object[], readonly string[]]>([
    ['tighter', [{ max_pages: 1 }], [{ max_pages: 2 }], []],
    ['looser', [{ max_pages: 3 }], [{ max_pages: 2 }], ['capabilities[0].constraints.max_pages MY-1']],
    ['missing', [{}], [{ max_pages: 2 }], ['capabilities[0].constraints.max_pages MY-1']],
    ['one for many: it does not count', [{ max_pages: 1 }, { max_pages: 2 }], [{ max_pages: 2 }], []],
    ['malformed', [{ max_pages: '1' }], [{ max_depth: 1 }], []],
  ])('%s', (_, child, parent, said) => {
    expect(saidOf(compareConstraints(child, parent, options))).toEqual(said)
  })

  it('without its definition it is unknown', () => {
    expect(saidOf(compareConstraints([{ max_pages: 1 }], [{ max_pages: 2 }]))).toEqual(['capabilities[0].constraints.max_pages CAP-5'])
  })

  it('QTA-1: one that is a quota covers one capability', () => {
    const perMinute = defineConstraint<number>({ name: 'pages_a_minute', compile: (limit) => ({ kind: 'quota', window: 'minute', limit, countsRequests: false, quantity: () => 1 }), isNoLooser: (child, parent) => child <= parent })
    expect(saidOf(compareConstraints([{ pages_a_minute: 1 }, { pages_a_minute: 1 }], [{ pages_a_minute: 2 }], { constraints: [perMinute] }))).toEqual(['capabilities[1] QTA-1'])
  })

  it('a definition whose compile gives no check says nothing of the value: it is no free pass', () => {
    const broken = defineConstraint({ name: 'broken', compile: (() => undefined) as never })
    expect(saidOf(compareConstraints([{ broken: 1 }], [{ max_depth: 1 }], { constraints: [broken] }))).toEqual(['capabilities[0].constraints.max_depth CON-10'])
  })

  it('is told the action and the depth where it stands', () => {
    const seen: unknown[] = []
    compareConstraints([{ own: 1 }], [{ own: 2 }], { constraints: [defineConstraint({ name: 'own', compile: (value, context) => { seen.push([value, context]); return () => pass } })] })
    expect(seen).toEqual(expect.arrayContaining([[1, { action: 'a', delegationDepth: 1 }], [2, { action: 'a', delegationDepth: 0 }]]))
  })

  it.each<[string, unknown, RegExp]>([
    ['a misspelt name', { constrains: [] }, /unknown member `constrains`/], ['a list', [], /plain object/], ['null', null, /plain object/], ['an inherited list', Object.create({ constraints: [] }), /plain object/], ['a map for a list', { constraints: new Map() }, /`constraints` is a list/],
  ])('options that are not read are a TypeError: %s', (_, options, message) => {
    expect(() => isAttenuationOf(childOf(), parentOf(), options as never)).toThrow(TypeError)
    expect(() => isAttenuationOf(childOf(), parentOf(), options as never)).toThrow(message)
  })

  it('a definition that is none is a TypeError', () => {
    expect(() => isAttenuationOf(childOf(), parentOf(), { constraints: [{ name: 'max_depth', compile: () => () => pass }] })).toThrow(/option `constraints`: max_depth is defined already/)
  })
})

describe('DEL-5: hostile authorizations', () => {
  const many = (count: number, constraintsOf: (position: number) => object) => Array.from({ length: count }, (_, position) => constraintsOf(position))

  it('a hundred capabilities with long lists and quotas, against a hundred of which none suffices', () => {
    const list = Array.from({ length: 20 }, (_, i) => `host-${i}.example.org`)
    const constraints = (limit: number, position: number) => ({ domains_allowed: list, domains_blocked: list, ip_ranges_allowed: list.map((_, i) => `10.0.${i}.0/24`), allowed_methods: ['GET'], [`max_things_per_${position % 2 === 0 ? 'hour' : 'day'}`]: limit })
    const parent = many(100, (position) => constraints(5, position))
    expect(compareConstraints(many(100, (position) => constraints(5, position)), parent).isAttenuation).toBe(true)
    expect(saidOf(compareConstraints(many(100, (position) => constraints(6, position)), parent))).toHaveLength(100)
    expect(saidOf(compareConstraints(many(101, (position) => constraints(5, 2 * position)), many(100, () => constraints(5, 0))))).toEqual(['capabilities[100] QTA-1'])
  })

  it('quotas in steps, so that everybody has to make room', () => {
    const steps = (from: number) => many(300, (position) => ({ max_requests_per_hour: from + position }))
    expect(compareConstraints(steps(1), steps(1)).isAttenuation).toBe(true)
    expect(compareConstraints(steps(1), steps(1).reverse()).isAttenuation).toBe(true)
    expect(saidOf(compareConstraints(steps(2), steps(1)))).toHaveLength(1)
  })

  it('TOK-7: values that are nested deeper than any token, or in themselves', () => {
    let deep: unknown = 'x'
    for (let i = 0; i < 100_000; i++) deep = [deep]
    const circular: unknown[] = []
    circular.push(circular)
    for (const value of [deep, circular]) {
      const bearing = (authorization: AgentAuthorization): AgentAuthorization => ({ ...authorization, capabilities: [{ action: 'a', constraints: { pages: value, domains_allowed: value }, resources: value }, { action: 'a', constraints: { pages: value } }], oversight: { requiresHumanApprovalFor: [], notifyOn: [], approvalWorkflow: { type: 'x', value } } })
      expect(() => isAttenuationOf(bearing(childOf()), bearing(parentOf()))).not.toThrow()
      expect(saidOf(isAttenuationOf(childOf(), bearing(parentOf())))).toContain('capabilities[0].constraints.pages CAP-5')
    }
  })

  it('long chains, texts and lists', () => {
    const text = 'x'.repeat(100_000)
    const authorization = (base: AgentAuthorization): AgentAuthorization => ({ ...base, task: { ...base.task, purpose: text }, oversight: { requiresHumanApprovalFor: Array.from({ length: 50_000 }, (_, i) => `a${i}`), notifyOn: [text] }, context: { geoRestriction: Array.from({ length: 50_000 }, (_, i) => `c${i}`) } })
    expect(isAttenuationOf(authorization(childOf()), authorization(parentOf())).isAttenuation).toBe(true)
  })
})
