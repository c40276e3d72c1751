import { describe, expect, it } from 'vitest'
import { recordedPath } from '../../src/audit/recorded-path.js'

describe('AUD-1: the path in a record', () => {
  it.each<[string, string, string]>([
    ['origin form', '/a/b', '/a/b'], ['with a query', '/a?b', '/a'], ['with a fragment', '/a#b?c', '/a'], ['a query with a URL in it', '/a?u=http://user:pw@h/', '/a'],
    ['an @ in a name', '/users/bob@example.com', '/users/bob@example.com'], ['a scope', '/@scope/name', '/@scope/name'],
    ['absolute form', 'http://api.example.com/x?y=1', '/x'], ['with user information', 'http://user:pw@api.example.com/x?y=1', '/x'], ['in capitals', 'HTTP://user:pw@h/x#f?q', '/x'],
    ['without a path', 'https://user:pw@h', '/'], ['a query alone', 'https://user:pw@h?x', '/'], ['another scheme', 'ws+x://user:pw@h/x', '/x'], ['two @', 'http://user:p@w@h/x', '/x'],
    ['a password with a ?', 'http://user:p?w@h/x', '/'], ['more slashes', 'http:///user:pw@h/x', '/x'], ['backslashes', 'http:\\\\user:pw@h/x', '/x'], ['no authority', 'http:///x', '/'],
    ['a second authority behind it', 'http://h//user:pw@h/x', '//h/x'],
    ['asterisk form', '*', '*'], ['authority form', 'api.example.com:443', 'api.example.com:443'], ['with user information', 'user:pw@api.example.com:443', ''], ['cut by a ?', 'user:p?w@h:443', ''],
    ['two slashes', '//user:pw@host/x', '//host/x'], ['three', '///user:pw@host/x', '///host/x'], ['a backslash', '/\\user:pw@host/x', '/\\host/x'], ['a URL within the path', '/proxy/http://user:pw@host/x', '/proxy/http://host/x'],
    ['two slashes and no @', '//host/x', '//host/x'], ['one slash', 'http:/user:pw@h/x', ''], ['none', 'http:user:pw@h/x', ''], ['mail', 'mailto:user@h', ''], ['a relative path', 'x', 'x'], ['space', ' http://user:pw@h/x', ''], ['nothing', '', ''],
  ])('%s: %j', (_, target, path) => {
    expect(recordedPath(target)).toBe(path)
  })

  it('takes time in proportion to the target', () => {
    // In the square of it this would not end within the test.
    for (const part of ['/', '//a', '@', '/@', 'a:']) expect(recordedPath(`/${part.repeat(1_000_000)}`)).not.toContain('//a@')
  })
})
