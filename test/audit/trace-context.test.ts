import { describe, expect, it } from 'vitest'
import { traceparentOf } from '../../src/audit/trace-context.js'

const valid = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('AUD-2: traceparent', () => {
  it.each([valid, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', 'cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff', `01-${valid.slice(3)}-more-to-come`])('%s', (traceparent) => {
    expect(traceparentOf({ headers: { traceparent } })).toBe(traceparent)
    expect(traceparentOf({ headers: {}, rawHeaders: ['TraceParent', traceparent] })).toBe(traceparent)
  })

  it.each([
    '', '00', valid.toUpperCase(), `ff-${valid.slice(3)}`, '00-00000000000000000000000000000000-b7ad6b7169203331-01', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', valid.slice(0, -1), `${valid}x`, ` ${valid}`, `${valid}\n`, `${valid}, ${valid}`, '00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01', `01-${valid.slice(3)}-${'x'.repeat(600)}`,
  ])('%j is none', (traceparent) => {
    expect(traceparentOf({ headers: { traceparent } })).toBeUndefined()
  })

  it.each<[string, Parameters<typeof traceparentOf>[0]]>([
    ['no header', { headers: {} }],
    ['two of them', { headers: { traceparent: [valid, valid] } }],
    ['two by case', { headers: { traceparent: valid, TraceParent: valid } }],
    ['two in the raw list', { headers: { traceparent: valid }, rawHeaders: ['traceparent', valid, 'traceparent', valid] }],
  ])('%s', (_, request) => {
    expect(traceparentOf(request)).toBeUndefined()
  })

  it('version 00 has exactly four parts', () => {
    expect(traceparentOf({ headers: { traceparent: `${valid}-more` } })).toBeUndefined()
  })
})
