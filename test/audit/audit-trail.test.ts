import { describe, expect, it } from 'vitest'
import { createAuditTrail } from '../../src/audit/audit-trail.js'
import type { AuditRecord } from '../../src/model/wire-audit-record.js'
import { unhandledRejectionsOf } from '../decision/unhandled-rejections.js'

const decision: AuditRecord = { kind: 'decision', time: '2025-01-01T00:00:00.000Z', outcome: 'allow', correlation_id: 'c' }
const result: AuditRecord = { kind: 'result', time: '2025-01-01T00:00:00.000Z', correlation_id: 'c', status: 200, bytes: 1, duration_ms: 2 }

function trailTo(...sinks: readonly unknown[]) {
  const warnings: string[] = []
  return { warnings, trail: createAuditTrail(sinks as never, (cause, message) => { warnings.push(`${cause}: ${message}`) }) }
}

describe('AUD-3: where records go', () => {
  it('a sink gets the record', () => {
    const records: unknown[] = []
    const { trail } = trailTo({ write: (record: unknown) => { records.push(record) } })
    trail.write(decision)
    trail.write(result)
    expect(records).toEqual([decision, result])
    expect(trail.isOn).toBe(true)
  })

  it('a logger gets it as an object beside a fixed message, so that no claim can forge a line (AUD-4)', () => {
    const calls: unknown[][] = []
    const { trail } = trailTo({ info: (...args: unknown[]) => { calls.push(args) } })
    trail.write(decision)
    trail.write(result)
    expect(calls).toEqual([[decision, 'aap decision'], [result, 'aap result']])
  })

  it('a logger that is a stream too, as some are, is a logger', () => {
    const calls: unknown[] = []
    const { trail, warnings } = trailTo({ info: (...args: unknown[]) => { calls.push(args) }, write: () => { calls.push('written'); return true } })
    trail.write(decision)
    expect(calls).toEqual([[decision, 'aap decision']])
    expect(warnings).toEqual([])
  })

  it('methods keep their object', () => {
    class Sink {
      readonly records: unknown[] = []
      write(record: unknown): void { this.records.push(record) }
    }
    const sink = new Sink()
    trailTo(sink).trail.write(decision)
    expect(sink.records).toEqual([decision])
  })

  it('to nowhere: nothing is made', () => {
    expect(trailTo().trail.isOn).toBe(false)
    expect(() => { trailTo().trail.write(decision) }).not.toThrow()
  })
})

describe('ERR-2: a sink that fails is reported, and the others get their record', () => {
  it.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('full disk') }],
    ['rejects', () => Promise.reject(new Error('full disk'))],
    ['gives a thenable that rejects', () => ({ then: (_: unknown, reject: (reason: unknown) => void) => { reject(new Error('full disk')) } })],
  ])('one that %s', async (_, write) => {
    const records: unknown[] = []
    const { trail, warnings } = trailTo({ write }, { write: (record: unknown) => { records.push(record) } })
    const rejections = await unhandledRejectionsOf(() => { trail.write(decision) })
    expect([rejections, records]).toEqual([[], [decision]])
    expect(warnings).toEqual([expect.stringContaining('full disk')])
  })

  it('a logger whose info is async and fails', async () => {
    const { trail, warnings } = trailTo({ info: async () => { throw new Error('full disk') } })
    expect(await unhandledRejectionsOf(() => { trail.write(decision) })).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('full disk')])
  })

  it.each([[true], [1], ['x'], [{}], [null], [undefined], [() => undefined]])('one that answers %j has not failed', (answer) => {
    const { trail, warnings } = trailTo({ write: () => answer })
    trail.write(decision)
    expect(warnings).toEqual([])
  })

  it.each<[string, unknown]>([['an object that cannot be written as text', Object.create(null)], ['nothing', undefined], ['a symbol', Symbol('x')]])('one that fails with %s', async (_, reason) => {
    const { trail, warnings } = trailTo({ write: () => { throw reason } }, { write: () => Promise.reject(reason) })
    const rejections = await unhandledRejectionsOf(() => { trail.write(decision) })
    expect([rejections, warnings.length]).toEqual([[], 2])
  })
})
