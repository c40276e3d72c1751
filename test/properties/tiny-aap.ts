import fc from 'fast-check'

// SPEC sections 5 to 8 in as few words as possible, for a universe so small that everything in it can be tried. Nothing
// here comes from src/: values of constraints are drawn together with what they mean.

export interface TinyRequest {
  readonly action: string
  readonly method: string
  /** As in a URL: a name, or one of the addresses below. */
  readonly host?: string
  readonly region?: string
  readonly bodyBytes?: number
  readonly responseBytes: number
  readonly classification?: string
  readonly amount?: number
  readonly encrypted?: boolean
  /** Steps after the beginning of the universe. */
  readonly at: number
  /** How many e-mails it sends. */
  readonly emails?: number
  readonly zone?: string
  readonly country?: string
  readonly purposes?: readonly string[]
}

/** A constraint as a token has it, and what it means. */
export interface TinyConstraint {
  readonly name: string
  readonly value: unknown
  readonly holds: (request: TinyRequest) => boolean
  /** All of its windows are one window: nothing here goes on for longer. */
  readonly quota?: { readonly limit: number; readonly quantityOf: (request: TinyRequest) => number }
}

export interface TinyCapability {
  readonly action: string
  readonly constraints: readonly TinyConstraint[]
}

export const toWire = ({ action, constraints }: TinyCapability): object => ({ action, constraints: Object.fromEntries(constraints.map(({ name, value }) => [name, value])) })

/** CAP-4. */
export const holds = ({ action, constraints }: TinyCapability, request: TinyRequest): boolean => action === request.action && constraints.every((constraint) => constraint.holds(request))

/** What has been taken of each quota of each capability. */
export type Spent = readonly (readonly number[])[]

export const nothingSpent = (capabilities: readonly TinyCapability[]): Spent => capabilities.map(({ constraints }) => constraints.map(() => 0))

/** CAP-3: the first capability that holds and has room takes it; `undefined` where none does. */
export function take(capabilities: readonly TinyCapability[], request: TinyRequest, spent: Spent): Spent | undefined {
  for (const [index, capability] of capabilities.entries()) {
    const after = capability.constraints.map(({ quota }, i) => spent[index]![i]! + (quota?.quantityOf(request) ?? 0))
    const hasRoom = capability.constraints.every(({ quota }, i) => quota === undefined || (quota.limit > 0 && after[i]! <= quota.limit))
    if (holds(capability, request) && hasRoom) return spent.map((row, i) => (i === index ? after : row))
  }
  return undefined
}

export const startMs = Date.UTC(2025, 0, 1, 10)
const stepMs = 1_000
export const instantOf = (at: number): number => startMs + at * stepMs
const textOf = (at: number): string => new Date(instantOf(at)).toISOString()

interface Entry {
  readonly text: string
  /** `undefined`: malformed. */
  readonly includes: ((host: string) => boolean) | undefined
}

const addresses = [...Array.from({ length: 8 }, (_, i) => `10.0.0.${i}`), '[2001:db8::1]']

const isAddress = (host: string): boolean => addresses.includes(host)
const domain = (text: string, name: string): Entry => ({ text, includes: (host) => !isAddress(host) && (host === name || host.endsWith(`.${name}`)) })
const only = (text: string, address: string): Entry => ({ text, includes: (host) => host === address })
const noHost = (text: string): Entry => ({ text, includes: undefined })
const domainEntries = [domain('example.org', 'example.org'), domain('a.example.org', 'a.example.org'), domain('Example.ORG.', 'example.org'), domain('org', 'org'), domain('example.com', 'example.com'), only('10.0.0.1', '10.0.0.1'), only('::ffff:10.0.0.1', '10.0.0.1'), only('2001:db8:0::1', '[2001:db8::1]'), noHost('*'), noHost('.example.org')]

/** Not a number for any other host. */
const octet = (host: string): number => Number(/^10\.0\.0\.([0-9])$/.exec(host)?.[1])
const range = (text: string, from: number, to: number): Entry => ({ text, includes: (host) => octet(host) >= from && octet(host) <= to })
const rangeEntries = [range('10.0.0.0/29', 0, 7), range('10.0.0.5/30', 4, 7), range('10.0.0.0/30', 0, 3), range('10.0.0.2/31', 2, 3), range('10.0.0.1/32', 1, 1), range('::ffff:10.0.0.4/127', 4, 5), only('2001:db8::/32', '[2001:db8::1]')]

const classes = ['public', 'internal', 'confidential', 'restricted', 'personal']
const isBelow = (one: string, other: string): boolean => one === other || (classes.indexOf(one) < classes.indexOf(other) && classes.indexOf(one) < 3)

const lists = <T>(entries: readonly T[]): fc.Arbitrary<readonly T[]> => fc.subarray([...entries], { maxLength: 3 })
const count = fc.integer({ min: 0, max: 3 })
const quota = (name: string, quantityOf: (request: TinyRequest) => number | undefined): fc.Arbitrary<TinyConstraint> =>
  count.map((limit) => ({ name, value: limit, holds: (request) => quantityOf(request) !== undefined, quota: { limit, quantityOf: (request) => quantityOf(request) ?? 0 } }))

/** Whether what is lower than a limit holds; what is not known does not. */
const upTo = (name: string, read: (request: TinyRequest) => number | undefined): fc.Arbitrary<TinyConstraint> => count.map((limit) => ({ name, value: limit, holds: (request) => (read(request) ?? Infinity) <= limit }))

/** Values that are well formed, by name. */
export const wellFormed: Readonly<Record<string, fc.Arbitrary<TinyConstraint>>> = {
  allowed_methods: lists(['GET', 'POST', 'get']).map((value) => ({ name: 'allowed_methods', value, holds: ({ method }) => method !== 'get' && value.includes(method) })),
  require_encryption: fc.boolean().map((value) => ({ name: 'require_encryption', value, holds: ({ encrypted }) => !value || encrypted === true })),
  domains_blocked: lists(domainEntries).map((entries) => ({ name: 'domains_blocked', value: entries.map(({ text }) => text), holds: ({ host }) => host !== undefined && entries.every(({ includes }) => includes?.(host) === false) })),
  domains_allowed: lists(domainEntries).map((entries) => ({ name: 'domains_allowed', value: entries.map(({ text }) => text), holds: ({ host }) => host !== undefined && entries.some(({ includes }) => includes?.(host) === true) })),
  ip_ranges_allowed: lists(rangeEntries).map((entries) => ({ name: 'ip_ranges_allowed', value: entries.map(({ text }) => text), holds: ({ host }) => host !== undefined && entries.some(({ includes }) => includes?.(host) === true) })),
  time_window: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })).map(([from, length]) => ({ name: 'time_window', value: { start: textOf(from), end: textOf(from + length) }, holds: ({ at }) => from <= at && at < from + length })),
  allowed_regions: lists(['DE', 'FR', 'US']).map((value) => ({ name: 'allowed_regions', value, holds: ({ region }) => region !== undefined && value.includes(region) })),
  data_classification_max: fc.constantFrom(...classes).map((value) => ({ name: 'data_classification_max', value, holds: ({ classification }) => classification !== undefined && isBelow(classification, value) })),
  max_request_size: upTo('max_request_size', ({ bodyBytes }) => bodyBytes),
  max_response_size: upTo('max_response_size', ({ responseBytes }) => responseBytes),
  // What needs an approval is not admitted: nobody gives one.
  require_approval_threshold: upTo('require_approval_threshold', ({ amount }) => amount),
}

const quotas: Readonly<Record<string, fc.Arbitrary<TinyConstraint>>> = {
  max_requests_per_hour: quota('max_requests_per_hour', () => 1),
  max_drafts_per_minute: quota('max_drafts_per_minute', () => 1),
  max_requests_per_second: quota('max_requests_per_second', () => 1),
  max_emails_per_day: quota('max_emails_per_day', ({ emails }) => emails),
}

const never = (name: string, value: unknown): TinyConstraint => ({ name, value, holds: () => false })

/** Anything that can stand under a name: now and then what is malformed (TOK-10). */
export const drawn = (name: string): fc.Arbitrary<TinyConstraint> => {
  const arbitrary = wellFormed[name] ?? quotas[name]
  if (arbitrary === undefined) return fc.constantFrom(1, 2).map((value) => never(name, value))
  return fc.oneof({ weight: 12, arbitrary }, fc.constantFrom(never(name, 'malformed'), never(name, {})))
}

/** CAP-5. */
const unknownNames = ['max_pages', 'max_requests_per_week']
export const stateless = [...Object.keys(wellFormed), ...unknownNames]
export const counting = Object.keys(quotas)

/** A few constraints under these names, each name once. */
const constraintsOf = (names: readonly string[]): fc.Arbitrary<readonly TinyConstraint[]> =>
  fc.subarray([...names]).chain((some) => fc.tuple(...some.map(drawn)))

export const capabilitiesOf = (actions: readonly string[], names: readonly string[], maxLength: number): fc.Arbitrary<readonly TinyCapability[]> =>
  fc.array(fc.record({ action: fc.constantFrom(...actions), constraints: constraintsOf(names) }), { minLength: 1, maxLength })

/** Capabilities made of others, so that some are no broader: values kept, replaced, dropped and added. */
export function derivedFrom(parents: readonly TinyCapability[], actions: readonly string[], names: readonly string[], maxLength: number): fc.Arbitrary<readonly TinyCapability[]> {
  const edited = fc.record({
    origin: fc.constantFrom(...parents),
    edits: fc.tuple(...names.map((name) => fc.record({ kind: fc.constantFrom('keep', 'keep', 'keep', 'keep', 'replace', 'add', 'drop'), drawn: drawn(name) }))),
  })
  const derived = edited.map(({ origin, edits }): TinyCapability => ({
    action: origin.action,
    constraints: names.flatMap((name, i) => {
      const before = origin.constraints.filter((constraint) => constraint.name === name)
      const { kind, drawn: other } = edits[i]!
      if (kind === 'keep') return before
      if (kind === 'drop') return []
      return kind === 'add' || before.length > 0 ? [other] : []
    }),
  }))
  return fc.array(fc.oneof({ weight: 9, arbitrary: derived }, fc.record({ action: fc.constantFrom(...actions), constraints: constraintsOf(names) })), { minLength: 1, maxLength })
}

const names = ['example.org', 'a.example.org', 'b.a.example.org', 'badexample.org', 'www.example.com', 'localhost']
/** All values of what a constraint looks at; what no constraint looks at has one value. */
const dimensions: Readonly<Record<string, { readonly by: readonly string[]; readonly values: readonly unknown[] }>> = {
  method: { by: ['allowed_methods'], values: ['GET', 'POST', 'get'] },
  encrypted: { by: ['require_encryption'], values: [true, false, undefined] },
  host: { by: ['domains_blocked', 'domains_allowed', 'ip_ranges_allowed'], values: ['example.org', undefined, ...names.slice(1), ...addresses] },
  at: { by: ['time_window'], values: [0, 1, 2, 3, 4, 5] },
  region: { by: ['allowed_regions'], values: ['DE', 'FR', 'US', undefined] },
  classification: { by: ['data_classification_max'], values: [...classes, undefined] },
  bodyBytes: { by: ['max_request_size'], values: [0, 1, 2, 3, 4, undefined] },
  responseBytes: { by: ['max_response_size'], values: [0, 1, 2, 3, 4] },
  amount: { by: ['require_approval_threshold'], values: [0, 1, 2, 3, 4, undefined] },
  emails: { by: ['max_emails_per_day'], values: [1, 0, 2, undefined] },
}

/** Every request that constraints with these names can tell apart. */
export function universeOf(actions: readonly string[], constraintNames: readonly string[]): readonly TinyRequest[] {
  let requests: Record<string, unknown>[] = actions.map((action) => ({ action }))
  for (const [member, { by, values }] of Object.entries(dimensions)) {
    const differing = by.some((name) => constraintNames.includes(name)) ? values : values.slice(0, 1)
    requests = requests.flatMap((request) => differing.map((value) => ({ ...request, [member]: value })))
  }
  return requests as unknown as readonly TinyRequest[]
}
