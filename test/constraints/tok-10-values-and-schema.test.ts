import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, it } from 'vitest'
import { compileAll, judge } from './compiled.js'

const schema = JSON.parse(readFileSync(new URL('../../schemas/aap-claims.schema.json', import.meta.url), 'utf8'))
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).addSchema(schema).compile({ $ref: `${schema.$id}#/$defs/constraints` })

/** Facts with which each of the values below passes, were it not malformed. */
const facts = { method: 'GET', region: 'DE', amount: 0, classification: 'public', bodyBytes: 0, encrypted: true, target: 'http://192.0.2.1/' }

/** Values that differ in form only from ones that would pass. */
it.each<[string, unknown]>([
  ['max_depth', 11],
  ['max_depth', 2 ** 53 - 1],
  ['allowed_methods', ['GET', '']],
  ['allowed_regions', ['DE', 'DEU']],
  ['allowed_regions', ['DE', '']],
  ['ip_ranges_allowed', ['192.0.2.0/24', '']],
  ['max_request_size', 2 ** 53],
  ['max_request_size', 0.5],
  ['data_classification_max', 'secret'],
  ['require_encryption', 'false'],
])('TOK-10: what the schema refuses denies: %s %j', (name, value) => {
  expect(validate({ [name]: value })).toBe(false)
  expect(judge(name, value, facts)).toBe('aap_constraint_violation')
})

it.each<[string, unknown]>([
  ['max_depth', 10],
  ['require_approval_threshold', -1],
  ['require_approval_threshold', 0.5],
  ['max_requests_per_hour', 2 ** 53 - 1],
  ['domains_allowed', []],
  ['domains_blocked', ['']],
  ['time_window', { start: '2025-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z' }],
])('TOK-10: what CON-1 to CON-12 give a meaning, the schema accepts and the constraint compiles: %s %j', (name, value) => {
  expect(validate({ [name]: value })).toBe(true)
  const [constraint] = compileAll({ [name]: value })
  const verdict = typeof constraint?.compiled === 'function' ? constraint.compiled({ ...facts, target: undefined, nowMs: 0 } as never) : undefined
  if (verdict !== undefined) expect(JSON.stringify(verdict)).not.toContain('does not compile')
})
