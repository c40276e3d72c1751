import { compileDomainList } from '../matching/domain-list.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { expectStrings } from './expect-value.js'

const noTarget = 'the action has no acceptable target: the route must supply `target`, one absolute http(s) URL'

/** CON-2. An entry that is no host could have meant anything, so it makes the whole block-list deny. */
export const domainsBlocked = defineConstraint<unknown>({
  name: 'domains_blocked',
  rule: 'CON-2',
  compile(value) {
    const blocked = compileDomainList(expectStrings(value))
    return ({ target }) => {
      if (target === undefined) return deny('aap_domain_not_allowed', noTarget)
      if (blocked.malformed.length > 0) return deny('aap_domain_not_allowed', `domains_blocked has an entry that is no host: ${JSON.stringify(blocked.malformed[0])}`)
      return blocked.includes(target) ? deny('aap_domain_not_allowed', `${target.host} is in domains_blocked`) : pass
    }
  },
})

/** CON-2. An entry that is no host matches nothing. */
export const domainsAllowed = defineConstraint<unknown>({
  name: 'domains_allowed',
  rule: 'CON-2',
  compile(value) {
    const allowed = compileDomainList(expectStrings(value))
    return ({ target }) => {
      if (target === undefined) return deny('aap_domain_not_allowed', noTarget)
      return allowed.includes(target) ? pass : deny('aap_domain_not_allowed', `${target.host} is not in domains_allowed`)
    }
  },
})
