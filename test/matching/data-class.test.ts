import { describe, expect, it } from 'vitest'
import { admits, isDataClass } from '../../src/matching/data-class.js'

describe('TSK-3, CON-9: classes of data', () => {
  it.each([
    // ceiling, what it admits
    ['public', ['public']],
    ['internal', ['public', 'internal']],
    ['confidential', ['public', 'internal', 'confidential']],
    ['restricted', ['public', 'internal', 'confidential', 'restricted']],
    ['personal', ['public', 'internal', 'confidential', 'personal']],
  ] as const)('%s admits %j and nothing else', (ceiling, admitted) => {
    const all = ['public', 'internal', 'confidential', 'restricted', 'personal'] as const
    expect(all.filter((declared) => admits(ceiling, declared))).toEqual(admitted)
  })

  it.each(['public', 'internal', 'confidential', 'restricted', 'personal'])('%s is known', (value) => {
    expect(isDataClass(value)).toBe(true)
  })

  it.each(['', 'Public', 'PUBLIC', ' public', 'public\n', 'secret', 'none', '__proto__', 'constructor', 'toString', undefined, null, 0, true, ['public'], { public: 0 }, new String('public')])(
    '%j is not',
    (value) => {
      expect(isDataClass(value)).toBe(false)
    },
  )
})
