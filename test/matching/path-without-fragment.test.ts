import { expect, it } from 'vitest'
import { pathOf } from '../../src/guard/path-of.js'
import { pathWithoutFragment } from '../../src/matching/path-without-fragment.js'

it.each([
  ['', '', ''], ['/', '/', '/'], ['/a/b', '/a/b', '/a/b'], ['/a?b', '/a', '/a'], ['/a?b?c#d', '/a', '/a'], ['?', '', ''],
  ['/a#b', '/a', '/a#b'], ['/a#b?c', '/a', '/a#b'], ['#', '', '#'], ['/a%23b%3Fc', '/a%23b%3Fc', '/a%23b%3Fc'],
])('POP-4, AUD-1: the path of %j ends before a query or a fragment; RTE-1: routes see a fragment', (url, path, pathOfRoutes) => {
  expect([pathWithoutFragment(url), pathOf(url)]).toEqual([path, pathOfRoutes])
})
