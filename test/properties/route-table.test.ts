import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { compileRoutes } from '../../src/guard/route-table.js'
import { coverage } from '../support/coverage.js'
import { requestFor, routeKeys, type RouteKey } from './route-texts.js'

/** The only action of a route says which one it is. */
const tableOf = (keys: readonly RouteKey[]) => compileRoutes(Object.fromEntries(keys.map(({ key }, i) => [key, `route.r${i}`])))

const question = routeKeys.chain((keys) => fc.record({ keys: fc.constant(keys), request: requestFor(keys), below: fc.constantFrom('', '', '', '/api', '/api', '/api', '/a;b', '/..') }))

describe('RTE-1: every table and request, against a list of routes that is gone through one by one', () => {
  it('the route that matches is the one whose first difference is a literal before a parameter before a rest', () => {
    const seen = coverage({ matched: 0.2, 'several match': 0.02, nothing: 0.1, ambiguous: 0.2 })
    checkProperty(fc.property(question, ({ keys, request: { method, url }, below }) => {
      const path = url.split('?')[0]!
      const expected = isRefused(path) || isRefused(`${below}${path}`) || mayBeEmptyRest(keys, method, path) ? 'ambiguous' : bestOf(keys, method, path)
      const found = tableOf(keys).match(method, path, `${below}${path}`)
      if (expected === 'ambiguous' || expected === undefined) {
        seen.note(expected ?? 'nothing')
        expect(found).toBeUndefined()
        return
      }
      seen.note('matched')
      if (expected.alternatives > 1) seen.note('several match')
      expect(found?.route?.action).toBe(`route.r${keys.indexOf(expected.route)}`)
      expect({ ...found?.params }).toEqual(expected.params)
    }), { runs: 2_500, coverage: seen })
  })
})

/** RTE-1's list of what parsers read differently, and what cannot stand in a request line. */
function isRefused(path: string): boolean {
  if (!path.startsWith('/') || Array.from(path).some((character) => character <= ' ' || character > '~')) return true
  if (['//', '\\', ';', '#'].some((text) => path.includes(text))) return true
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return true
  // What follows a percent sign has to be two digits, and not those of a slash, a backslash, a dot, a percent sign or NUL.
  return path.split('%').slice(1).some((after) => {
    const code = after.slice(0, 2).toLowerCase()
    return code.length < 2 || !Array.from(code).every((digit) => '0123456789abcdef'.includes(digit)) || ['2f', '5c', '2e', '25', '00'].includes(code)
  })
}

/** A slash at the end, where a rest of the request's method would begin. */
function mayBeEmptyRest(keys: readonly RouteKey[], method: string, path: string): boolean {
  if (path === '/' || !path.endsWith('/')) return false
  return keys.some(({ method: one, segments, key }) => (one === method || (one === 'GET' && method === 'HEAD')) && segments.at(-1)?.startsWith('*') === true && paramsOf({ key, method, segments: segments.slice(0, -1) }, partsOf(path)) !== undefined)
}

interface Best {
  readonly route: RouteKey
  readonly params: Record<string, string>
  readonly alternatives: number
}

function bestOf(keys: readonly RouteKey[], method: string, path: string): Best | undefined {
  const segments = partsOf(path)
  const matching = keys.flatMap((route) => {
    const params = route.method === method || (route.method === 'GET' && method === 'HEAD') ? paramsOf(route, segments) : undefined
    return params === undefined ? [] : [{ route, params }]
  })
  const rank = ({ route }: (typeof matching)[number]): string => `${route.segments.map((one) => (one.startsWith(':') ? 1 : one.startsWith('*') ? 2 : 0)).join('')} ${route.method === method ? 0 : 1}`
  const [best] = matching.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1))
  return best && { ...best, alternatives: matching.length }
}

/** One slash at the end does not count. */
function partsOf(path: string): string[] {
  const parts = path.split('/').slice(1)
  if (parts.length > 0 && parts.at(-1) === '') parts.pop()
  return parts
}

function paramsOf({ segments }: RouteKey, parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [i, segment] of segments.entries()) {
    if (segment.startsWith('*')) {
      if (parts.length <= i) return undefined
      params[segment.slice(1)] = parts.slice(i).join('/')
      return params
    }
    const part = parts[i]
    if (part === undefined) return undefined
    if (segment.startsWith(':')) params[segment.slice(1)] = part
    else if (segment.toLowerCase() !== part.toLowerCase()) return undefined
  }
  return segments.length === parts.length ? params : undefined
}
