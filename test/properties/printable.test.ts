import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AuditRecord } from '../../src/model/wire-audit-record.js'
import { checkProperty } from '../support/check-property.js'
import { jsonLines } from '../../src/audit/audit-trail.js'

/** What ends a line, moves a cursor, or turns the direction of text. */
const dangerous = ['\0', '\u0007', '\b', '\t', '\n', '\v', '\f', '\r', '\u001b', '\u007f', '\u0080', '\u0085', '\u009b', '\u009f', '\u200e', '\u200f', '\u2028', '\u2029', '\u202a', '\u202e', '\u2066', '\u2069']

it('AUD-4: for every text, one line a record, the record in it, and nothing in it that is a control', () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom(...dangerous), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), maxLength: 20 })
  checkProperty(fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (details) => {
    const records = details.map((detail): AuditRecord => ({ kind: 'decision', time: '2025-01-01T00:00:00.000Z', outcome: 'deny', status: 403, rule: 'X-1', detail, correlation_id: 'c' }))
    let lines = ''
    const sink = jsonLines({ write: (line) => { lines += line } })
    for (const record of records) void sink.write(record)
    // eslint-disable-next-line no-control-regex -- they are what this is about
    expect(lines).toMatch(/^(?:[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*\n)*$/)
    expect(lines.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(records)
  }), { runs: 200 })
})
