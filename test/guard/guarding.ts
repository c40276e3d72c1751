import { createGuard, type Guard } from '../../src/guard/create-guard.js'
import type { AuditRecord } from '../../src/model/wire-audit-record.js'
import type { GuardOptions } from '../../src/guard/guard-options.js'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { audience, issuer, jwks, nowMs, signToken } from '../token/signed-token.js'

export interface Guarding {
  readonly guard: Guard
  readonly records: AuditRecord[]
  /** What operators were told, as `level message`. */
  readonly messages: string[]
  /** Moves the clock. */
  readonly pass: (milliseconds: number) => void
}

/** A guard with the issuer's keys at hand, a clock that stands still, and ears for what it writes. */
export function guarding(options: Readonly<Record<string, unknown>> = {}): Guarding {
  let time = nowMs
  const records: AuditRecord[] = []
  const messages: string[] = []
  const say = (level: string) => (message: string) => { messages.push(`${level} ${message}`) }
  const guard = createGuard({
    issuer: { issuer, jwks },
    audience,
    now: () => time,
    audit: { write: (record) => { records.push(record) } },
    logger: { info: say('info'), warn: say('warn'), error: say('error') },
    ...options,
  } as GuardOptions)
  return { guard, records, messages, pass: (milliseconds) => { time += milliseconds } }
}

export function requestWith(token: string, parts: Partial<ResourceRequest> = {}): ResourceRequest {
  return { method: 'GET', url: '/search?q=secret', headers: { authorization: `Bearer ${token}` }, ...parts }
}

/** A request by an agent that may do `a`. */
export function requestBy(claims: Readonly<Record<string, unknown>> = {}, parts: Partial<ResourceRequest> = {}): ResourceRequest {
  return requestWith(signToken({ aap_capabilities: [{ action: 'a' }], ...claims }), parts)
}
