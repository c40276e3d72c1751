import type { RevocableKind } from '../claims/revocation-prints.js'
import { parseStrictJson } from './strict-json.js'

/** A revocation as an issuer tells it. */
export interface IssuedRevocation {
  readonly kind: RevocableKind
  readonly id: string
  /** Epoch seconds. */
  readonly until: number | undefined
}

const kinds = [['jti', 'token'], ['parent_jti', 'parent'], ['agent_id', 'agent'], ['task_id', 'task']] as const satisfies readonly (readonly [string, RevocableKind])[]

/** Characters of one revocation, and so of an id: no token that is accepted has a longer one. */
export const longestEntry = 65_536

/**
 * One JSON object with exactly one of `jti`, `parent_jti`, `agent_id` and `task_id`, and `exp` where it says when it can be
 * forgotten. Other members say more about it, and are left alone.
 *
 * @throws Error for everything else: whoever does not know what is revoked cannot refuse it
 */
export function readRevocation(text: string, issuer: string): IssuedRevocation {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('not JSON') // the parser's own message quotes the text
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no JSON object')
  const members = value as Readonly<Record<string, unknown>>
  const own = (name: string): unknown => (Object.hasOwn(members, name) ? members[name] : undefined)
  const named = kinds.filter(([member]) => own(member) !== undefined)
  const [first] = named
  if (first === undefined || named.length > 1) throw new Error('not exactly one of jti, parent_jti, agent_id and task_id')
  const [member, kind] = first
  const id = own(member)
  if (typeof id !== 'string' || id === '') throw new Error(`${member} is no text`)
  const iss = own('iss')
  if (iss !== undefined && iss !== issuer) throw new Error('iss is another issuer')
  const until = own('exp')
  if (until !== undefined && !(typeof until === 'number' && Number.isFinite(until))) throw new Error('exp is no number')
  refuseTwoReadings(text, Object.keys(members).length)
  return { kind, id, until }
}

/** Of two members with one name only the last would be revoked. The text is gone through where it is not seen at once that there are none: a list has many. */
function refuseTwoReadings(text: string, members: number): void {
  if (text.match(/"\s*:/g)?.length === members) return
  try {
    parseStrictJson(Buffer.from(text), { allowsNull: true })
  } catch {
    throw new Error('no JSON object that can be read in one way only')
  }
}
