import { describe, expect, it } from 'vitest'
import { checkNames, closest } from '../../src/decision/did-you-mean.js'

const known = ['issuer', 'audience', 'algorithms', 'clockTolerance', 'store', 'now']

describe('the name that was probably meant', () => {
  it.each([
    ['isuer', 'issuer'], ['issuers', 'issuer'], ['issure', 'issuer'], ['ISSUER', 'issuer'], ['isseur', 'issuer'], ['audiance', 'audience'], ['clocktolerance', 'clockTolerance'], ['clock_tolerance', 'clockTolerance'], ['stor', 'store'], ['nwo', 'now'], ['new', 'now'],
  ])('%s: %s', (name, meant) => {
    expect(closest(name, known)).toBe(meant)
  })

  it.each(['', 'x', 'never', 'audit', 'completelyDifferent', 'a'.repeat(200)])('%j is like none', (name) => {
    expect(closest(name, known)).toBeUndefined()
  })

  it('what is known passes', () => {
    expect(() => { checkNames('option', { issuer: 1, now: undefined }, known) }).not.toThrow()
  })

  it('a name that is still to come says so, whatever it is like', () => {
    expect(() => { checkNames('option', { stored: 1 }, known, new Map([['stored', 'not built']])) }).toThrow('option `stored` does not exist yet: not built')
  })
})
