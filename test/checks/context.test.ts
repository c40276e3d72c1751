import { describe, expect, it } from 'vitest'
import { checkContext } from '../../src/checks/context.js'

const nowMs = Date.UTC(2025, 0, 1)
const denied = { code: 'aap_invalid_context', rule: 'CTX-1' }

describe('CTX-1: where and when a token may be used', () => {
  it('no context, and an empty one, restrict nothing', () => {
    expect(checkContext(undefined, {}, nowMs)).toBeUndefined()
    expect(checkContext({}, {}, nowMs)).toBeUndefined()
  })

  it.each([[-1, false], [0, true], [999, true], [999.5, true], [1_000, false]])('time_window: start inclusive, end exclusive, no tolerance; %d ms from the start', (offsetMs, within) => {
    expect(checkContext({ timeWindow: { startMs: nowMs, endMs: nowMs + 1_000 } }, {}, nowMs + offsetMs)).toEqual(within ? undefined : expect.objectContaining(denied))
  })

  it.each<[string, any, boolean]>([
    ['the same', { zone: 'internal' }, true],
    ['another', { zone: 'public' }, false],
    ['another case', { zone: 'Internal' }, false],
    ['missing', {}, false],
    ['null', { zone: null }, false],
    ['a list', { zone: ['internal'] }, false],
    ['the country only', { country: 'internal' }, false],
  ])('network_zone: %s', (_, facts, holds) => {
    expect(checkContext({ networkZone: 'internal' }, facts, nowMs)).toEqual(holds ? undefined : expect.objectContaining(denied))
  })

  it.each<[string, any, boolean]>([
    ['one of them', { country: 'FR' }, true],
    ['another', { country: 'US' }, false],
    ['another case', { country: 'fr' }, false],
    ['missing', {}, false],
    ['null', { country: null }, false],
    ['a list', { country: ['FR'] }, false],
    ['the region, which is another fact', { region: 'FR' }, false],
  ])('geo_restriction: %s', (_, facts, holds) => {
    expect(checkContext({ geoRestriction: ['DE', 'FR'] }, facts, nowMs)).toEqual(holds ? undefined : expect.objectContaining(denied))
  })

  it('a restriction to no country lets nobody in', () => {
    expect(checkContext({ geoRestriction: [] }, { country: 'DE' }, nowMs)).toMatchObject(denied)
  })

  it('all of them have to hold', () => {
    const context = { timeWindow: { startMs: nowMs, endMs: nowMs + 1 }, networkZone: 'z', geoRestriction: ['DE'] }
    const facts = { zone: 'z', country: 'DE' }
    expect(checkContext(context, facts, nowMs)).toBeUndefined()
    expect(checkContext(context, facts, nowMs + 1)).toMatchObject(denied)
    expect(checkContext(context, { ...facts, zone: 'y' }, nowMs)).toMatchObject(denied)
    expect(checkContext(context, { ...facts, country: 'FR' }, nowMs)).toMatchObject(denied)
  })
})
