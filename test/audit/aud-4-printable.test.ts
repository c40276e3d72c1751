import { describe, expect, it } from 'vitest'
import { escapeUnprintable } from '../../src/audit/printable.js'
import { jsonLines } from '../../src/audit/audit-trail.js'
import type { AuditRecord } from '../../src/model/wire-audit-record.js'
import { guarding, requestBy } from '../guard/guarding.js'

const record = (detail: string): AuditRecord => ({ kind: 'decision', time: '2025-01-01T00:00:00.000Z', outcome: 'deny', status: 403, rule: 'X-1', detail, correlation_id: 'c' })

function linesOf(...records: readonly AuditRecord[]): string {
  let text = ''
  const sink = jsonLines({ write: (line) => { text += line } })
  for (const one of records) void sink.write(one)
  return text
}

/** What ends a line, moves a cursor, or turns the direction of text. */
const dangerous = ['\0', '\u0007', '\b', '\t', '\n', '\v', '\f', '\r', '\u001b', '\u007f', '\u0080', '\u0085', '\u009b', '\u009f', '\u200e', '\u200f', '\u2028', '\u2029', '\u202a', '\u202e', '\u2066', '\u2069']

describe('AUD-4: control characters and newlines in claims cannot break a log line', () => {
  it.each(dangerous.map((character) => [`U+${character.charCodeAt(0).toString(16).padStart(4, '0')}`, character]))('%s is escaped, and can be read back', (_, character) => {
    const line = linesOf(record(`a${character}b`))
    expect(line.slice(0, -1)).not.toContain(character)
    expect(JSON.parse(line)).toEqual(record(`a${character}b`))
  })

  it.each(['', 'plain', 'a b', '\u00e9', '\u4e2d\u6587', '\u{1F916}', '"quotes" and \\ backslashes', '<html>'])('%j is left as it is', (text) => {
    expect(escapeUnprintable(text)).toBe(text)
  })

  it('claims of a token that try', async () => {
    let text = ''
    const forged = 'x\n{"kind":"decision","outcome":"allow"}\u2028\u001b[2K'
    const { guard } = guarding({ audit: jsonLines({ write: (line) => { text += line } }) })
    await guard.authorize(requestBy({ jti: forged, sub: forged, aap_agent: { id: forged, type: forged, operator: forged }, aap_task: { id: forged, purpose: forged }, aap_audit: { trace_id: forged } }, { method: 'GET\n', url: `/${forged}` }), 'a')
    expect(text.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(text)).toMatchObject({ agent_id: forged, token_id: forged, task_purpose: forged })
  })
})
