import express from 'express'
import express4 from 'express4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { compileRoutes, type RouteMatch } from '../../src/guard/route-table.js'
import { coverage } from '../support/coverage.js'
import { pathOf } from '../../src/guard/path-of.js'
import { requestFor, routeKeys, type RouteKey } from './route-texts.js'

interface Dispatch {
  readonly handled?: string
  readonly params?: Readonly<Record<string, unknown>>
  /** What the table says where the guard stands: in front of the routes, behind the mount point. */
  readonly matched: RouteMatch | undefined
}

/** Routers take the first route that matches, so that whoever writes them has the most specific first. */
function bySpecificity(one: RouteKey, other: RouteKey): number {
  const rank = ({ segments, method }: RouteKey): string => `${segments.map((segment) => (segment.startsWith(':') ? 1 : segment.startsWith('*') ? 2 : 0)).join('')} ${method === 'HEAD' ? 0 : 1}`
  return rank(one) < rank(other) ? -1 : 1
}

function dispatch(kind: 'Express 5' | 'Express 4', keys: readonly RouteKey[], mount: string, request: { method: string; url: string }): Promise<Dispatch> {
  const table = compileRoutes(Object.fromEntries(keys.map(({ key }, i) => [key, `route.r${i}`])))
  const create = kind === 'Express 5' ? express : express4
  const routes = create.Router() as any
  let matched: RouteMatch | undefined
  return new Promise((resolve) => {
    routes.use((req: any, _res: unknown, next: () => void) => {
      matched = table.match(req.method as string, pathOf(req.url as string), pathOf((req.originalUrl ?? req.url) as string))
      next()
    })
    for (const { key, method, segments } of keys.toSorted(bySpecificity)) {
      // As a bare `*` of Express 4, which may stand for nothing, and with a name.
      const path = `/${segments.map((segment) => (kind === 'Express 4' && segment.startsWith('*') ? `:${segment.slice(1)}([^?]{0,})` : segment)).join('/')}`
      routes[method.toLowerCase()](path, (req: any) => { resolve({ handled: key, params: { ...req.params }, matched }) })
    }
    const outer = mount === '' ? routes : (create.Router() as any).use(mount, routes)
    outer({ ...request, originalUrl: request.url, headers: {} }, {}, () => { resolve({ matched }) })
  })
}

const question = routeKeys.chain((keys) => fc.record({ keys: fc.constant(keys), request: requestFor(keys), mount: fc.constantFrom('', '', '/api', '/api/v1') }))

describe.each(['Express 5', 'Express 4'] as const)('RTE-1: for every table and request, %s', (kind) => {
  it('dispatches to the route that the table says, with the same parameters, or to none', () => {
    const seen = coverage({ 'the same': 0.25, 'only the router': 0.02, neither: 0.15 })
    return checkProperty(fc.asyncProperty(question, async ({ keys, request: { method, url }, mount }) => {
      const { handled, params, matched } = await dispatch(kind, keys, mount, { method, url: `${mount}${url}` })
      seen.note(matched === undefined ? (handled === undefined ? 'neither' : 'only the router') : handled === undefined ? 'only the table' : 'the same')
      if (matched === undefined || handled === undefined) return
      expect(handled).toBe(keys[Number(String(matched.route?.action).slice('route.r'.length))]?.key)
      expect(withoutLastSlash(params)).toEqual(asRouterSays(kind, matched.params))
    }), { runs: 800, coverage: seen })
  })
})

/** RTE-1 does not count one slash at the end, which routers leave at the end of a rest. */
function withoutLastSlash({ rest, ...params }: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  if (Array.isArray(rest)) return { ...params, rest: rest.length > 1 && rest.at(-1) === '' ? rest.slice(0, -1) : rest }
  return { ...params, ...(typeof rest === 'string' && { rest: rest.endsWith('/') ? rest.slice(0, -1) : rest }) }
}

/** A router decodes parameters, and a rest is a list in Express 5. */
function asRouterSays(kind: 'Express 5' | 'Express 4', params: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, name === 'rest' && kind === 'Express 5' ? value.split('/').map(decodeURIComponent) : decodeURIComponent(value)]))
}
