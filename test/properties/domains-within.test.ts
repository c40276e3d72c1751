import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areDomainsWithin, compileDomainList } from '../../src/matching/domain-list.js'
import { parseTarget } from '../../src/matching/target.js'
import { checkProperty } from '../support/check-property.js'

describe('DEL-5: a list of domains within another', () => {
  it('for every two lists: every host of the one is in the other', () => {
    const labels = ['a', 'b', 'org']
    const names = labels.flatMap((one) => [one, ...labels.flatMap((two) => [`${one}.${two}`, ...labels.map((three) => `${one}.${two}.${three}`)])])
    const addresses = ['1.2.3.4', '1.2.3.5', '::1', '::ffff:1.2.3.4']
    const entries = fc.array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...names) }, { weight: 2, arbitrary: fc.constantFrom(...addresses) }, fc.constantFrom('*', '', '.a')), { maxLength: 4 })
    const targets = [...names, ...addresses].map((host) => parseTarget(`http://${host.includes(':') ? `[${host}]` : host}/`)!)
    checkProperty(
      fc.property(entries, entries, (one, other) => {
        const [inner, outer] = [compileDomainList(one), compileDomainList(other)]
        expect(areDomainsWithin(inner, outer)).toBe(targets.every((target) => !inner.includes(target) || outer.includes(target)))
      }),
    )
  })
})
