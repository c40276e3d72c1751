import { describe, expect, it } from 'vitest'
import { isActionName } from '../../src/matching/action-name.js'

describe('CAP-1: action names', () => {
  it.each(['a', 'Z', 'search', 'search.web', 'cms.draft-post', 'CMS.Publish_2', 'a-', 'a_', 'a.b.c.d.e', 'a--b', 'a1', 'constructor', 'x'.repeat(128)])('%s', (value) => {
    expect(isActionName(value)).toBe(true)
  })

  it.each([
    '', '.', 'a.', '.a', 'a..b', '1a', 'a.1', '-a', '_a', 'a.-b', 'a._b', '*', 'a.*', 'a*', 'a b', ' a', 'a ', 'a\n', 'a\nb', 'a\u0000', 'a/b', 'a:b', 'a,b', '__proto__',
    'é', 'aé', '\u0430', '\uff41', 'a\u0661', 'a\uff0eb', 'a\u200bb', '\u212a',
  ])('%j is none', (value) => {
    expect(isActionName(value)).toBe(false)
  })

  it.each([undefined, null, 1, true, ['a'], { a: 1 }, new String('a'), Symbol.iterator])('%s is no string', (value) => {
    expect(isActionName(value)).toBe(false)
  })

  it('TOK-8: is at most 128 code points long', () => {
    expect(isActionName('a.'.repeat(63) + 'aa')).toBe(true)
    expect(isActionName('a.'.repeat(64) + 'a')).toBe(false)
    expect(isActionName('a'.repeat(129))).toBe(false)
  })
})
