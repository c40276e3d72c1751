import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { AuditRecord, AuditSink, DecisionRecord, ResultRecord } from '../../src/index.js'

const schema = JSON.parse(readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8'))
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema)

/** Fails where a record is not one that the schema describes. */
export function expectValidRecord(record: unknown): void {
  const isValid = validate(record)
  expect(validate.errors ?? [], JSON.stringify(record)).toEqual([])
  expect(isValid).toBe(true)
}

export interface AuditCollector {
  readonly sink: AuditSink
  readonly records: AuditRecord[]
  decisions(): DecisionRecord[]
  results(): ResultRecord[]
  /** The only decision record since the last look, valid by the schema. */
  takeDecision(): DecisionRecord
  clear(): void
}

/** Keeps every record in the order of their writing. */
export function collectAudit(): AuditCollector {
  const records: AuditRecord[] = []
  const decisions = () => records.filter((record) => record.kind === 'decision')
  return {
    sink: { write: (record) => { records.push(record) } },
    records,
    decisions,
    results: () => records.filter((record) => record.kind === 'result'),
    takeDecision: () => {
      for (const record of records) expectValidRecord(record)
      const found = decisions()
      records.length = 0
      expect(found.map(({ outcome, rule, detail }) => ({ outcome, rule, detail })), 'exactly one decision record').toHaveLength(1)
      return found[0]!
    },
    clear: () => { records.length = 0 },
  }
}
