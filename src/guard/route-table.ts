import { METHODS } from 'node:http'
import { checkNames } from '../decision/did-you-mean.js'
import { compileRoute, type Route } from '../decision/route.js'
import { copyMembers } from '../model/plain-object.js'
import { isActionName } from '../matching/action-name.js'
import { readRouteOptions } from './route-options.js'

/** What a request line leads to, and the values of the route's parameters. */
export interface RouteMatch {
  /** `undefined` where the route is public. */
  readonly route: Route | undefined
  readonly params: Readonly<Record<string, string>>
}

export interface RouteTable {
  /** `undefined` where no route matches. `path` is the one below the mount point, `originalPath` the one that was sent. */
  match(method: string, path: string, originalPath: string): RouteMatch | undefined
}

interface Leaf {
  readonly key: string
  readonly route: Route | undefined
  readonly paramNames: readonly string[]
}

/** One segment of all paths with the same beginning. */
interface Segment {
  readonly literals: Map<string, Segment>
  param?: Segment
  readonly ends: Map<string, Leaf>
  readonly rests: Map<string, Leaf>
}

const routeKey = /^([A-Z][A-Z-]*) (\/[^?#\s]*)$/

/**
 * Compiles the option `routes`.
 *
 * @param canBind whether a token that is bound can be shown at all
 * @throws TypeError for a key that is no `METHOD /path`, a method or path that no request could match, two routes that can tie,
 *   an entry that is neither an action nor `{ public: true }`, and a demand for proof where none can be shown (POP-2)
 * @see RTE-1
 */
export function compileRoutes(routes: Readonly<Record<string, unknown>>, canBind = true): RouteTable {
  const root = createSegment()
  for (const [key, entry] of Object.entries(copyMembers('option `routes`, of `METHOD /path` keys,', routes))) addRoute(root, key, entry, canBind)

  return {
    match(method, path, originalPath) {
      if (isAmbiguous(path) || isAmbiguous(originalPath)) return undefined
      const segments = splitPath(path)
      if (path.length > 1 && path.endsWith('/') && restBegins(root, segments, 0, method)) return undefined
      const found = find(root, segments, 0, method, [])
      if (found === undefined) return undefined
      const { leaf, values } = found
      return { route: leaf.route, params: Object.fromEntries(leaf.paramNames.map((name, i) => [name, values[i] ?? ''])) }
    },
  }
}

/**
 * Paths that parsers read differently: what this table takes for one route, the handler's router may take for another.
 * Anything outside printable ASCII cannot be in a request line.
 */
function isAmbiguous(path: string): boolean {
  return !/^\/[!-~]*$/.test(path) || /[\\;#]|\/\/|\/\.\.?(?:\/|$)|%(?:2[eEfF5]|5[cC]|00|(?![0-9A-Fa-f]{2}))/.test(path)
}

/** Case and one trailing slash do not count. */
function splitPath(path: string): readonly string[] {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return trimmed === '/' ? [] : trimmed.slice(1).split('/')
}

function createSegment(): Segment {
  return { literals: new Map(), ends: new Map(), rests: new Map() }
}

function addRoute(root: Segment, key: string, entry: unknown, canBind: boolean): void {
  const [, method, path] = routeKey.exec(key) ?? []
  if (method === undefined || path === undefined) throw new TypeError(`option \`routes\`: ${JSON.stringify(key)} is not of the form 'METHOD /path'`)
  if (!METHODS.includes(method)) throw new TypeError(`option \`routes\`: in ${JSON.stringify(key)} ${method} is no method that node:http reads (RTE-1)`)
  const segments = splitPath(path)
  if (isAmbiguous(path.replaceAll('*', 'x')) || segments.includes('')) throw new TypeError(`option \`routes\`: no request can match ${JSON.stringify(key)} (RTE-1)`)

  const paramNames: string[] = []
  let at = root
  let ends = 'ends' as 'ends' | 'rests'
  for (const [i, segment] of segments.entries()) {
    const [, sigil, name] = /^([:*])([A-Za-z_][A-Za-z0-9_]*)$/.exec(segment) ?? []
    if (name !== undefined) {
      if (paramNames.includes(name)) throw new TypeError(`option \`routes\`: ${JSON.stringify(key)} names ${name} twice`)
      paramNames.push(name)
    }
    if (sigil === undefined) {
      if (/[:*(){}?+]/.test(segment)) throw new TypeError(`option \`routes\`: in ${JSON.stringify(key)} a parameter is a whole segment, :name, or *rest at the end`)
      at = getOrAdd(at.literals, segment.toLowerCase())
    } else if (sigil === ':') {
      at = at.param ??= createSegment()
    } else if (i === segments.length - 1) {
      ends = 'rests'
    } else {
      throw new TypeError(`option \`routes\`: in ${JSON.stringify(key)} only the last segment can be *${name ?? ''}`)
    }
  }
  const tied = at[ends].get(method)
  if (tied !== undefined) throw new TypeError(`option \`routes\`: ${JSON.stringify(key)} and ${JSON.stringify(tied.key)} match the same requests`)
  at[ends].set(method, { key, route: readEntry(key, entry, canBind), paramNames })
}

function getOrAdd(segments: Map<string, Segment>, name: string): Segment {
  let segment = segments.get(name)
  if (segment === undefined) segments.set(name, (segment = createSegment()))
  return segment
}

function readEntry(key: string, entry: unknown, canBind: boolean): Route | undefined {
  const where = `option \`routes\`, ${JSON.stringify(key)}`
  if (typeof entry === 'string') return compileRoute(checkAction(where, entry), {})
  if (typeof entry !== 'object' || entry === null) throw new TypeError(`${where}: must be an action, { action, … } or { public: true }`)
  const members = copyMembers(where, entry)
  if (Object.hasOwn(members, 'public')) {
    checkNames(`${where}: key`, members, ['public'])
    if (members.public !== true) throw new TypeError(`${where}: \`public\` can only be true`)
    return undefined
  }
  const { action, ...options } = members
  const checked = readRouteOptions(where, options, ['action'])
  if (checked.proof === 'required' && !canBind) throw new TypeError(`${where}: \`proof\` is 'required', and with \`dpop\` and \`mtls\` off no token can be bound`)
  return compileRoute(checkAction(where, action), checked)
}

function checkAction(where: string, action: unknown): Route['action'] {
  if (typeof action !== 'function' && !isActionName(action)) throw new TypeError(`${where}: ${JSON.stringify(action)} is no action name (CAP-1)`)
  return action as Route['action']
}

/** Literal before parameter before rest, segment by segment; what leads nowhere is given up for the next best. */
function find(at: Segment, segments: readonly string[], depth: number, method: string, values: readonly string[]): { leaf: Leaf; values: readonly string[] } | undefined {
  const segment = segments[depth]
  if (segment === undefined) {
    const leaf = leafFor(at.ends, method)
    return leaf && { leaf, values }
  }
  const literal = at.literals.get(segment.toLowerCase())
  const found = literal && find(literal, segments, depth + 1, method, values)
  if (found) return found
  const byParam = at.param && segment !== '' ? find(at.param, segments, depth + 1, method, [...values, segment]) : undefined
  if (byParam) return byParam
  const rest = leafFor(at.rests, method)
  return rest && segment !== '' ? { leaf: rest, values: [...values, segments.slice(depth).join('/')] } : undefined
}

/**
 * Whether a `*rest` begins where the path ends. Behind a slash there Express 4 takes nothing for the rest, and Express 5 does
 * not: the route that this table would find need not be the one whose handler runs.
 */
function restBegins(at: Segment, segments: readonly string[], depth: number, method: string): boolean {
  const segment = segments[depth]
  if (segment === undefined) return leafFor(at.rests, method) !== undefined
  const literal = at.literals.get(segment.toLowerCase())
  return (literal !== undefined && restBegins(literal, segments, depth + 1, method)) || (at.param !== undefined && restBegins(at.param, segments, depth + 1, method))
}

/** HEAD uses the entry of GET unless it has its own. */
function leafFor(leaves: ReadonlyMap<string, Leaf>, method: string): Leaf | undefined {
  return leaves.get(method) ?? (method === 'HEAD' ? leaves.get('GET') : undefined)
}
