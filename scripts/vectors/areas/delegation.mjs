import { allowed, denied, issuedAt } from '../case.mjs'

const invalidChain = (rule) => [403, 'aap_invalid_delegation_chain', rule]
const excessive = [403, 'aap_excessive_delegation', 'DEL-1']
const delegation = (aap_delegation, act) => ({ claims: { aap_delegation, ...(act !== undefined && { act }) } })
const subjects = (...names) => names
const hops = (...names) => names.map((sub) => ({ sub }))
const times = (...delegatedAt) => delegatedAt.map((delegated_at, hop) => ({ sub: `agent-${hop + 1}`, ...(delegated_at !== undefined && { delegated_at }) }))
const many = (count) => Array.from({ length: count }, (_, index) => `agent-${index}`)

export const files = {
  depth: {
    description: 'depth and max_depth.',
    verifies: ['DEL-1'],
    cases: [
      allowed('del-1-none', 'No delegation claim means depth 0', { audit: { delegation_depth: 0 } }),
      allowed('del-1-zero', 'Depth 0', { ...delegation({ depth: 0, max_depth: 2 }), audit: { delegation_depth: 0 } }),
      allowed('del-1-zero-of-zero', 'Depth 0 of 0', { flags: ['Boundary'], ...delegation({ depth: 0, max_depth: 0 }), audit: { delegation_depth: 0 } }),
      allowed('del-1-equal', 'Depth 2 of 2', { flags: ['Boundary'], ...delegation({ depth: 2, max_depth: 2, chain: hops('a', 'b') }), audit: { delegation_depth: 2 } }),
      allowed('del-1-ten', 'Depth 10 of 10', { flags: ['Boundary'], ...delegation({ depth: 10, max_depth: 10, chain: many(11) }), audit: { delegation_depth: 10, delegation_chain: many(11) } }),
      denied('del-1-above', 'Depth 2 of 1', excessive, { flags: ['Boundary'], ...delegation({ depth: 2, max_depth: 1, chain: hops('a', 'b') }) }),
      denied('del-1-above-before-length', 'Depth 2 of 1, and the chain is too short', excessive, delegation({ depth: 2, max_depth: 1, chain: hops('a') })),
      ...[
        ['negative', { depth: -1, max_depth: 2 }, []], ['eleven', { depth: 0, max_depth: 11 }, ['Boundary']], ['depth-eleven', { depth: 11, max_depth: 11, chain: many(12) }, ['Boundary']], ['fraction', { depth: 0.5, max_depth: 2 }, []],
        ['string', { depth: '0', max_depth: 2 }, ['TypeConfusion']], ['max-string', { depth: 0, max_depth: '2' }, ['TypeConfusion']], ['boolean', { depth: false, max_depth: 2 }, ['TypeConfusion']],
        ['no-depth', { max_depth: 2 }, []], ['no-max-depth', { depth: 0 }, []], ['empty', {}, []], ['max-negative', { depth: 0, max_depth: -1 }, []], ['max-fraction', { depth: 0, max_depth: 1.5 }, []],
      ].map(([name, claim, flags]) => denied(`del-1-${name}`, `The claim is ${JSON.stringify(claim).slice(0, 60)}`, invalidChain('DEL-1'), { flags, ...delegation(claim) })),
    ],
  },

  chain: {
    description: 'A chain of strings lists everyone from the origin, a chain of objects lists the hops.',
    verifies: ['DEL-2'],
    cases: [
      allowed('del-2-strings', 'Depth 2, three strings', { ...delegation({ depth: 2, max_depth: 2, chain: subjects('user:ada', 'a', 'b') }), audit: { delegation_depth: 2, delegation_chain: ['user:ada', 'a', 'b'] } }),
      allowed('del-2-hops', 'Depth 2, two hops', { ...delegation({ depth: 2, max_depth: 2, chain: hops('a', 'b') }), audit: { delegation_depth: 2 } }),
      allowed('del-2-strings-depth-zero', 'Depth 0, the origin alone', { flags: ['Boundary'], ...delegation({ depth: 0, max_depth: 2, chain: subjects('user:ada') }), audit: { delegation_depth: 0 } }),
      ...[
        ['strings-too-few', 'Depth 2, two strings', { depth: 2, max_depth: 2, chain: subjects('a', 'b') }],
        ['strings-too-many', 'Depth 2, four strings', { depth: 2, max_depth: 2, chain: subjects('user:ada', 'a', 'b', 'c') }],
        ['hops-too-few', 'Depth 2, one hop', { depth: 2, max_depth: 2, chain: hops('a') }],
        ['hops-too-many', 'Depth 1, two hops', { depth: 1, max_depth: 2, chain: hops('a', 'b') }],
        ['hops-depth-zero', 'Depth 0, one hop', { depth: 0, max_depth: 2, chain: hops('a') }],
        ['strings-depth-zero-too-many', 'Depth 0, two strings', { depth: 0, max_depth: 2, chain: subjects('user:ada', 'a') }],
        ['absent', 'Depth 1, no chain', { depth: 1, max_depth: 2 }],
        ['empty', 'Depth 0, an empty chain', { depth: 0, max_depth: 2, chain: [] }],
        ['empty-depth-one', 'Depth 1, an empty chain', { depth: 1, max_depth: 2, chain: [] }],
        ['mixed', 'Strings and hops', { depth: 2, max_depth: 2, chain: ['user:ada', { sub: 'a' }] }],
        ['mixed-reversed', 'Hops and strings', { depth: 2, max_depth: 2, chain: [{ sub: 'a' }, 'b'] }],
        ['string', 'A string', { depth: 1, max_depth: 2, chain: 'ab' }],
        ['object', 'An object', { depth: 1, max_depth: 2, chain: { 0: 'user:ada', 1: 'a', length: 2 } }],
        ['numbers', 'Numbers', { depth: 1, max_depth: 2, chain: [1, 2] }],
        ['hop-without-sub', 'A hop without sub', { depth: 1, max_depth: 2, chain: [{ delegated_at: issuedAt }] }],
        ['hop-sub-number', 'A hop whose sub is a number', { depth: 1, max_depth: 2, chain: [{ sub: 1 }] }],
        ['nested', 'A chain in a chain', { depth: 1, max_depth: 2, chain: [['user:ada', 'a']] }],
      ].map(([name, title, claim]) => denied(`del-2-${name}`, title, invalidChain('DEL-2'), delegation(claim))),
      allowed('del-2-times', 'Times that do not decrease', delegation({ depth: 3, max_depth: 3, chain: times(issuedAt - 20, issuedAt - 20, issuedAt - 10) })),
      allowed('del-2-times-missing', 'Some of the times are missing', delegation({ depth: 3, max_depth: 3, chain: times(issuedAt - 20, undefined, issuedAt - 10) })),
      denied('del-2-times-decrease', 'Times that decrease', invalidChain('DEL-2'), delegation({ depth: 2, max_depth: 2, chain: times(issuedAt - 10, issuedAt - 20) })),
      denied('del-2-times-decrease-over-a-gap', 'Times that decrease over a missing one', invalidChain('DEL-2'), delegation({ depth: 3, max_depth: 3, chain: times(issuedAt - 10, undefined, issuedAt - 20) })),
      denied('del-2-times-string', 'A time that is a string', invalidChain('DEL-2'), { flags: ['TypeConfusion'], ...delegation({ depth: 1, max_depth: 2, chain: times(String(issuedAt)) }) }),
      allowed('del-2-parent', 'A parent token', delegation({ depth: 1, max_depth: 2, chain: hops('a'), parent_jti: 'parent-1' })),
    ],
  },

  actors: {
    description: 'act says who acts now, and agrees with the chain.',
    verifies: ['DEL-3'],
    cases: [
      allowed('del-3-hop', 'The last hop acts', {
        ...delegation({ depth: 1, max_depth: 2, chain: [{ sub: 'spiffe://example.com/agent/main', delegated_at: 1735686000 }] }, { sub: 'spiffe://example.com/agent/main' }), audit: { delegation_depth: 1, delegation_chain: ['spiffe://example.com/agent/main'] },
      }),
      allowed('del-3-string', 'The last string acts', delegation({ depth: 1, max_depth: 2, chain: subjects('user:ada', 'a') }, { sub: 'a' })),
      allowed('del-3-nested', 'Actors inside, in reverse order', delegation({ depth: 3, max_depth: 3, chain: subjects('user:ada', 'a', 'b', 'c') }, { sub: 'c', act: { sub: 'b', act: { sub: 'a' } } })),
      allowed('del-3-other-members', 'Other members of an actor', delegation({ depth: 1, max_depth: 2, chain: hops('a') }, { sub: 'a', iss: 'https://as.example.com' })),
      ...[
        ['other-actor', 'Somebody else acts', { depth: 1, max_depth: 2, chain: hops('a') }, { sub: 'b' }],
        ['earlier-actor', 'An earlier one acts', { depth: 2, max_depth: 2, chain: hops('a', 'b') }, { sub: 'a' }],
        ['case', 'The actor in another case', { depth: 1, max_depth: 2, chain: hops('agent-a') }, { sub: 'Agent-A' }],
        ['inner-order', 'Actors inside in the order of the chain', { depth: 3, max_depth: 3, chain: subjects('user:ada', 'a', 'b', 'c') }, { sub: 'c', act: { sub: 'a', act: { sub: 'b' } } }],
        ['inner-unknown', 'An actor inside that is not in the chain', { depth: 2, max_depth: 2, chain: hops('a', 'b') }, { sub: 'b', act: { sub: 'mallory' } }],
        ['inner-twice', 'The same actor twice', { depth: 2, max_depth: 2, chain: hops('a', 'b') }, { sub: 'b', act: { sub: 'b' } }],
        ['too-deep', 'Two actors at depth 1', { depth: 1, max_depth: 2, chain: subjects('user:ada', 'a') }, { sub: 'a', act: { sub: 'user:ada' } }],
        ['inner-without-sub', 'An actor inside without sub', { depth: 2, max_depth: 2, chain: hops('a', 'b') }, { sub: 'b', act: {} }],
        ['without-sub', 'An actor without sub', { depth: 1, max_depth: 2, chain: hops('a') }, { client_id: 'a' }],
        ['sub-number', 'An actor whose sub is a number', { depth: 1, max_depth: 2, chain: hops('1') }, { sub: 1 }],
        ['string-act', 'act is a string', { depth: 1, max_depth: 2, chain: hops('a') }, 'a'],
        ['array-act', 'act is an array', { depth: 1, max_depth: 2, chain: hops('a') }, [{ sub: 'a' }]],
        ['depth-zero', 'An actor at depth 0', { depth: 0, max_depth: 2 }, { sub: 'a' }],
        ['depth-zero-with-chain', 'An actor at depth 0 who is the origin', { depth: 0, max_depth: 2, chain: subjects('a') }, { sub: 'a' }],
        ['without-delegation', 'An actor without delegation claim', undefined, { sub: 'a' }],
      ].map(([name, title, claim, act]) => denied(`del-3-${name}`, title, invalidChain('DEL-3'), delegation(claim, act))),
    ],
  },
}
