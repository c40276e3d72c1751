import fc from 'fast-check'

/** One entry of the option `routes`, with what its key says taken apart. */
export interface RouteKey {
  readonly key: string
  readonly method: string
  /** Literals as they are written, `:name`, or `*name` at the end. */
  readonly segments: readonly string[]
}

const literals = ['a', 'b', 'A', 'posts', 'new', 'x.y', '.well-known', 'a-b', '~u', 'v1', '%41']
const methods = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'DELETE']
const segment = fc.oneof({ arbitrary: fc.constantFrom(...literals), weight: 3 }, { arbitrary: fc.constant(':'), weight: 2 })

function routeKey(method: string, kinds: readonly string[], hasRest: boolean, endsWithSlash: boolean): RouteKey {
  const segments = kinds.map((kind, i) => (kind === ':' ? `:p${i}` : kind))
  if (hasRest) segments.push('*rest')
  return { key: `${method} /${segments.join('/')}${endsWithSlash && segments.length > 0 ? '/' : ''}`, method, segments }
}

/** Two routes that match the same requests are an error at start-up, so that tables have none. */
function shapeOf({ method, segments }: RouteKey): string {
  return `${method} ${segments.map((one) => (one.startsWith(':') ? ':' : one.startsWith('*') ? '*' : one.toLowerCase())).join('/')}`
}

export const routeKeys: fc.Arbitrary<readonly RouteKey[]> = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...methods), fc.array(segment, { maxLength: 3 }), fc.constantFrom(false, false, true), fc.boolean()).map((parts) => routeKey(...parts)),
  { minLength: 1, maxLength: 6, selector: shapeOf },
)

const values = ['7', 'a', 'B', 'New', 'posts', 'X.Y', 'a%20b', '%41', '%C3%A9', 'a:b', 'a@b', '(x)', '*', '$&', '+', '...', 'a..b', '~', ':p0', '%E9', '!', "'"]
const spoilers = ['/', '//', '/.', '/..', '/./', '/../a', '\\', ';', ';x=1', '#', '#x', '?', '?q=/b', '%2F', '%2f', '%5C', '%2e', '%2E%2E', '%25', '%00', '%', '%zz', '%c3', '\0', ' ', '\t', '\u00e9', '\u212a', '\u0131', '@', ':', '*']

/** A request for one of the routes, or nearly: other cases, a slash at the end, values that parsers may read in their own way. */
export function requestFor(keys: readonly RouteKey[]): fc.Arbitrary<{ readonly method: string; readonly url: string }> {
  const drawn = fc.record({
    route: fc.constantFrom(...keys),
    values: fc.array(fc.constantFrom(...values), { minLength: 5, maxLength: 5 }),
    upper: fc.boolean(),
    more: fc.nat({ max: 3 }),
    end: fc.constantFrom('', '', '', '', '', '/', '/', '/', '?q=1', '?', '/?q=//', '//'),
    spoil: fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, fc.record({ at: fc.nat({ max: 40 }), piece: fc.constantFrom(...spoilers), replace: fc.boolean() })),
    start: fc.oneof({ arbitrary: fc.constant(''), weight: 15 }, fc.constantFrom('http://example.org', 'HTTP://example.org', '/', 'x', '//example.org')),
    method: fc.constantFrom(undefined, undefined, undefined, 'GET', 'HEAD', 'POST', 'OPTIONS', 'get'),
  })
  return drawn.map(({ route, values: drawnValues, upper, more, end, spoil, start, method }) => {
    const parts = route.segments.flatMap((one, i) => (one.startsWith(':') ? [drawnValues[i]!] : one.startsWith('*') ? drawnValues.slice(0, more) : [upper ? one.toUpperCase() : one]))
    const path = `/${parts.join('/')}${end}`
    const at = spoil === undefined ? 0 : spoil.at % (path.length + 1)
    const spoiled = spoil === undefined ? path : `${path.slice(0, at)}${spoil.piece}${path.slice(at + (spoil.replace ? 1 : 0))}`
    return { method: method ?? route.method, url: `${start}${spoiled}` }
  })
}
