import type { AuditRecord } from '../../model/wire-audit-record.js'
import type { GuardOptions, IssuerOptions } from '../../guard/guard-options.js'
import type { ResourceRequest } from '../../model/resource-request.js'
import type { TestVectorCase, TestVectorRequest } from '../../model/wire-test-vector.js'
import { createGuard, requireCore } from '../../guard/create-guard.js'
import { pathOf } from '../../guard/path-of.js'
import { toDecision } from '../../guard/to-decision.js'
import type { Decision } from '../../model/decision.js'
import type { GuardCore } from '../../guard/guard-core.js'

/** What an implementation says to a case. */
export interface Answer {
  readonly outcome?: unknown
  readonly status?: unknown
  readonly error?: unknown
  readonly retryAfterSeconds?: unknown
  readonly audit?: Readonly<Record<string, unknown>>
}

/** Decides a case by this library: a fresh guard with its clock where the case wants it, then `prior`, then the request. */
export async function answerHere(vector: TestVectorCase): Promise<Answer> {
  let nowMs = 0
  let last: AuditRecord | undefined
  const guard = createGuard({ ...optionsOf(vector), now: () => nowMs, audit: { write: (record) => { last = record } } })
  const core = requireCore(guard)
  try {
    for (const { at, request, jwt = vector.jwt, times = 1 } of vector.prior ?? []) {
      nowMs = Date.parse(at)
      for (let i = 0; i < times; i++) await decide(core, request, jwt)
    }
    nowMs = Date.parse(vector.at)
    const { outcome, status, error, retryAfterSeconds } = await decide(core, vector.request, vector.jwt)
    return { outcome, status, error, retryAfterSeconds, ...(last !== undefined && { audit: { ...last } }) }
  } finally {
    await guard.close()
  }

  async function decide(core: GuardCore, wire: TestVectorRequest, jwt: string): Promise<Pick<Decision, 'outcome' | 'status' | 'error' | 'retryAfterSeconds'>> {
    const request = requestOf(wire, jwt)
    if (wire.action !== undefined) return guard.authorize(request, wire.action, wire.facts)
    const path = pathOf(wire.url)
    const matched = core.settings.routes?.match(wire.method, path, path)
    if (matched !== undefined && matched.route === undefined) return { outcome: 'allow', status: 200 }
    // The case states its facts, where a server would have hooks to find them.
    const stated = matched?.route && { ...matched, route: { ...matched.route, constants: { ...matched.route.constants, ...wire.facts } } }
    return toDecision(await core.decideMatch(await core.openSession(request, request), stated, () => undefined))
  }
}

function optionsOf({ server }: TestVectorCase): GuardOptions {
  const { issuer, jwks, otherIssuers = [], audience, clockTolerance, algorithms, tokenType, claimPrefix, countedPerRequest, routes } = server
  const issuers = [{ issuer, jwks, claimPrefix }, ...otherIssuers] as readonly IssuerOptions[]
  const optional = Object.fromEntries(Object.entries({ algorithms, tokenType, countedPerRequest, routes }).filter(([, value]) => value !== undefined))
  return { issuer: issuers, audience, clockTolerance, ...optional }
}

function requestOf({ method, url, headers, contentLength = 0, receivedBytes, limitsResponse, encrypted }: TestVectorRequest, jwt: string): ResourceRequest {
  const fields = headers ?? [['Authorization', `Bearer ${jwt}`]]
  return { method, url, headers: {}, rawHeaders: fields.flat(), contentLength, receivedBytes, limitsResponse, ...(encrypted !== undefined && { encrypted }) }
}

/** Asks another implementation, by the adapter contract of the vectors' README. */
export async function answerByUrl(url: string, vector: TestVectorCase): Promise<Answer> {
  const question = { ...vector, expect: undefined }
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question), signal: AbortSignal.timeout(30_000) })
  if (response.status !== 200) throw new Error(`the adapter answered with status ${response.status}`)
  const answer: unknown = await response.json()
  if (typeof answer !== 'object' || answer === null) throw new Error('the adapter answered no JSON object')
  return answer
}
