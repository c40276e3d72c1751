import fc from 'fast-check'

/**
 * JSON as it is written, not as it is understood: a member can come twice, and a scalar is its text. What tokens are
 * mutated as.
 */
export type Node = { readonly members: readonly (readonly [name: string, value: Node])[] } | { readonly items: readonly Node[] } | { readonly text: string }

export function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return { items: value.map(nodeOf) }
  if (typeof value === 'object' && value !== null) return { members: Object.entries(value).map(([name, member]) => [name, nodeOf(member)] as const) }
  return { text: JSON.stringify(value) }
}

export function write(node: Node): string {
  if ('members' in node) return `{${node.members.map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join()}}`
  return 'items' in node ? `[${node.items.map(write).join()}]` : node.text
}

interface Mutation {
  readonly kind: 'remove' | 'repeat' | 'null' | 'retype' | 'rename' | 'wrap' | 'add' | 'swap' | 'text'
  /** Which of all the places in the tree. */
  readonly at: number
  readonly value: Node
  readonly name: string
}

const scalars = ['0', '1', '-1', '2', '10', '11', '0.5', '-0', '1e300', '1e309', '-1e400', '9007199254740991', '9007199254740993', '1735689600', 'true', 'false', '""', '"x"', '"1"', '"none"', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"__proto__"', '"constructor"', '"2025-01-01T00:00:00Z"', '"2024-12-31T23:59:60Z"', '"2025-01-02T00:00:00+01:00"', '"search.web"', '"search.*"', '"e\\u0301"', '"\\ufeff"']
const lengths = [64, 65, 128, 129, 256, 257].flatMap((length) => [`"${'x'.repeat(length)}"`, `"${'\u{1F916}'.repeat(length)}"`])
const scalarNode: fc.Arbitrary<Node> = fc.constantFrom(...scalars, ...lengths).map((text) => ({ text }))
const deep = (depth: number, inner: Node): Node => Array.from({ length: depth }).reduce<Node>((node, _, i) => (i % 2 === 0 ? { items: [node] } : { members: [['a', node]] }), inner)
const valueNode: fc.Arbitrary<Node> = fc.oneof(
  { arbitrary: scalarNode, weight: 5 },
  fc.constantFrom<Node>({ items: [] }, { members: [] }, { text: 'null' }, { items: [{ text: 'null' }] }, { members: [['a', { text: 'null' }]] }, { members: [['__proto__', { members: [['polluted', { text: '1' }]] }]] }, { members: [['length', { text: '1' }], ['0', { text: '"x"' }]] }),
  fc.array(scalarNode, { maxLength: 2 }).map((items) => ({ items })),
  fc.tuple(fc.constantFrom(5, 25, 31, 40, 200), scalarNode).map(([depth, inner]) => deep(depth, inner)),
)

const names = ['__proto__', 'constructor', 'prototype', 'toString', 'x', '', 'cnf', 'act', 'iss', 'nbf', 'crit', 'b64', 'kid', 'jku', 'jwk', 'aap_agent', 'agent', 'delegation', 'aap_oversight', 'capabilities_ref', 'scope', 'max_requests_per_hour', 'max_emails_per_day', 'max_widgets_per_week', 'resources', 'conditions', 'domains_blocked', 'time_window', 'requires_approval_for', 'runtime', 'depth', 'sub', 'id']

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('remove', 'repeat', 'null', 'retype', 'retype', 'rename', 'wrap', 'add', 'swap', 'text', 'text'),
  at: fc.nat({ max: 9_999 }),
  value: valueNode,
  name: fc.constantFrom(...names),
})

/** A tree after so many changes at any of its places. */
export function mutated(node: fc.Arbitrary<Node>, maxMutations = 3): fc.Arbitrary<Node> {
  const mutations = fc.oneof({ arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }), weight: 3 }, fc.array(mutation, { maxLength: maxMutations }))
  return fc.tuple(node, mutations).map(([original, list]) => list.reduce(applyMutation, original))
}

function applyMutation(node: Node, mutation: Mutation): Node {
  const places = countPlaces(node)
  return changeAt(node, mutation.at % places, mutation)
}

/** The root and everything below it. */
function countPlaces(node: Node): number {
  return 1 + childrenOf(node).reduce((sum, child) => sum + countPlaces(child), 0)
}

function childrenOf(node: Node): readonly Node[] {
  if ('members' in node) return node.members.map(([, value]) => value)
  return 'items' in node ? node.items : []
}

/** Walks to a place; what can only be done to a member or an item is done by its parent. */
function changeAt(node: Node, place: number, mutation: Mutation): Node {
  if (place === 0) return changeSelf(node, mutation)
  let left = place - 1
  const children = childrenOf(node)
  const which = children.findIndex((child) => {
    const places = countPlaces(child)
    if (left < places) return true
    left -= places
    return false
  })
  if (left > 0) return replaceChild(node, which, changeAt(children[which]!, left, mutation))
  return changeChild(node, which, mutation)
}

function replaceChild(node: Node, which: number, child: Node): Node {
  if ('members' in node) return { members: node.members.map(([name, value], i) => [name, i === which ? child : value] as const) }
  return 'items' in node ? { items: node.items.map((item, i) => (i === which ? child : item)) } : node
}

function changeSelf(node: Node, { kind, value, name }: Mutation): Node {
  switch (kind) {
    case 'null': return { text: 'null' }
    case 'retype': return value
    case 'wrap': return 'items' in value ? { items: [node] } : { members: [[name, node]] }
    case 'text': return 'text' in node ? value : changeSelf(node, { kind: 'add', value, name, at: 0 })
    case 'add':
      if ('members' in node) return { members: [...node.members, [name, value]] }
      return 'items' in node ? { items: [...node.items, value] } : value
    case 'remove':
    case 'repeat':
    case 'rename':
    case 'swap': return node
  }
}

function changeChild(node: Node, which: number, mutation: Mutation): Node {
  const { kind, name } = mutation
  const child = childrenOf(node)[which]!
  if (kind === 'remove') return 'members' in node ? { members: node.members.filter((_, i) => i !== which) } : { items: childrenOf(node).filter((_, i) => i !== which) }
  if (kind === 'repeat') return 'members' in node ? { members: [...node.members, node.members[which]!] } : { items: [...childrenOf(node), child] }
  if (kind === 'rename' && 'members' in node) {
    const renames = [name, node.members[which]![0].toUpperCase(), `aap_${node.members[which]![0]}`, node.members[which]![0].replace(/^aap_/, ''), `${node.members[which]![0]} `]
    return { members: node.members.map(([old, value], i) => [i === which ? renames[mutation.at % renames.length]! : old, value] as const) }
  }
  if (kind === 'swap' && 'members' in node) {
    const other = (which + 1) % node.members.length
    return { members: node.members.map(([old, value], i) => [old, i === which ? node.members[other]![1] : i === other ? node.members[which]![1] : value] as const) }
  }
  return replaceChild(node, which, changeSelf(child, mutation))
}
