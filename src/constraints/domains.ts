import { areDomainsWithin, compileDomainList } from '../matching/domain-list.js'
import { compileOnce } from './compile-once.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { denyTarget } from './deny-target.js'
import { expectStrings } from './expect-value.js'

/** Lists in the hands of `isNoLooser`. */
const listOf = compileOnce(compileDomainList)

/** CON-2. An entry that is no host could have meant anything, so it makes the whole block-list deny. */
export const domainsBlocked = defineConstraint<unknown>({
  name: 'domains_blocked',
  rule: 'CON-2',
  compile(value) {
    const blocked = compileDomainList(expectStrings(value))
    return ({ target, isTargetGiven }) => {
      if (target === undefined) return denyTarget('aap_domain_not_allowed', isTargetGiven)
      if (blocked.malformed.length > 0) return deny('aap_domain_not_allowed', `domains_blocked has an entry that is no host: ${JSON.stringify(blocked.malformed[0])}`)
      return blocked.includes(target) ? deny('aap_domain_not_allowed', `${target.host} is in domains_blocked`) : pass
    }
  },
  isNoLooser(child, parent) {
    const [childBlocks, parentBlocks] = [listOf(expectStrings(child)), listOf(expectStrings(parent))]
    // A malformed entry blocks everything.
    return childBlocks.malformed.length > 0 || (parentBlocks.malformed.length === 0 && areDomainsWithin(parentBlocks, childBlocks))
  },
})

/** CON-2. An entry that is no host matches nothing. */
export const domainsAllowed = defineConstraint<unknown>({
  name: 'domains_allowed',
  rule: 'CON-2',
  compile(value) {
    const allowed = compileDomainList(expectStrings(value))
    return ({ target, isTargetGiven }) => {
      if (target === undefined) return denyTarget('aap_domain_not_allowed', isTargetGiven)
      return allowed.includes(target) ? pass : deny('aap_domain_not_allowed', `${target.host} is not in domains_allowed`)
    }
  },
  isNoLooser: (child, parent) => areDomainsWithin(listOf(expectStrings(child)), listOf(expectStrings(parent))),
})
