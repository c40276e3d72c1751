import { describe, expect, it } from 'vitest'
import { isBound, readConfirmation, type Confirmation } from '../../src/token/confirmation.js'

const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
const x5t = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'
const refused = { code: 'invalid_token', rule: 'POP-1', detail: expect.stringContaining('cnf') }

describe('POP-1: cnf names what whoever sends the token has to show', () => {
  it.each<[string, unknown, object]>([
    ['absent: whoever has the token may use it', undefined, {}],
    ['a key', { jkt }, { keyThumbprint: jkt }],
    ['a certificate', { 'x5t#S256': x5t }, { certificateThumbprint: x5t }],
    ['both', { jkt, 'x5t#S256': x5t }, { keyThumbprint: jkt, certificateThumbprint: x5t }],
    ['methods that are not checked beside one that is', { jkt, jku: 'https://x', jwk: {}, kid: 'x', 'x5t#S512': 'x' }, { keyThumbprint: jkt }],
    ['a method that is undefined is none', { jkt, 'x5t#S256': undefined }, { keyThumbprint: jkt }],
  ])('%s', (_what, cnf, expected) => {
    const confirmation = readConfirmation({ cnf })
    expect(confirmation).toEqual(expected)
    if ('code' in confirmation) throw new Error(confirmation.detail)
    expect(isBound(confirmation)).toBe(cnf !== undefined)
  })

  it.each<[string, unknown]>([
    ['null', null], ['a string', jkt], ['a number', 5], ['true', true], ['false', false], ['a list', [{ jkt }]], ['an empty list', []], ['an empty object', {}], ['only unknown methods', { jwk: {}, kid: 'x' }],
    ['a name in another case', { JKT: jkt }], ['a name that the prototype has', Object.create({ jkt }) as object], ['a method that is undefined', { jkt: undefined }],
  ])('%s is no confirmation', (_what, cnf) => {
    expect(readConfirmation({ cnf })).toEqual(refused)
  })

  it.each(['jkt', 'x5t#S256'])('each that is there has to be in order, also beside one that is: %s', (name) => {
    const other = name === 'jkt' ? { 'x5t#S256': x5t } : { jkt }
    for (const value of [null, '', 5, true, [], [jkt], {}, { toString: jkt }, jkt.slice(1), `${jkt}A`, `${jkt}=`, ` ${jkt}`, `${jkt}\n`, jkt.replace('_', '/').replace('-', '+'), `${jkt.slice(0, -1)}J`, '*'.repeat(43), Buffer.from(jkt, 'base64url').toString('hex')]) {
      expect(readConfirmation({ cnf: { [name]: value } }), JSON.stringify(value)).toEqual(refused)
      expect(readConfirmation({ cnf: { ...other, [name]: value } }), JSON.stringify(value)).toEqual(refused)
    }
  })

  it('one that cannot be changed stands for no confirmation', () => {
    const unbound = readConfirmation({}) as Confirmation
    expect(readConfirmation({ sub: 's' })).toBe(unbound)
    expect(Object.isFrozen(unbound)).toBe(true)
    expect(isBound(unbound)).toBe(false)
  })
})
