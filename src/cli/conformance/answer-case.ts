import { X509Certificate } from 'node:crypto'
import type { AuditRecord } from '../../model/wire-audit-record.js'
import type { Clock } from '../../model/clock.js'
import type { GuardOptions, IssuerOptions } from '../../guard/guard-options.js'
import type { ResourceRequest } from '../../model/resource-request.js'
import type { TestVectorCase, TestVectorRequest } from '../../model/wire-test-vector.js'
import { introspectionOf } from './stated-issuer.js'
import { createGuard, requireCore } from '../../guard/create-guard.js'
import { pathOf } from '../../guard/path-of.js'
import { toDecision } from '../../guard/to-decision.js'
import type { Decision } from '../../model/decision.js'
import type { GuardCore } from '../../guard/guard-core.js'
import type { OperatorLogger } from '../../guard/operator-log.js'

/** What an implementation says to a case: any JSON object, until it was compared. */
export type Answer = Readonly<Record<string, unknown>>

/** The report says what is wrong; what an operator should see to is not the question. */
const silent: OperatorLogger = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Decides a case by this library: a fresh guard with its clock where the case wants it, then `prior`, then the request. */
export async function answerHere(vector: TestVectorCase): Promise<Answer> {
  let nowMs = 0
  const records: AuditRecord[] = []
  const guard = createGuard({ ...optionsOf(vector, () => nowMs), now: () => nowMs, logger: silent, audit: { write: (record) => { records.push(record) } } })
  const core = requireCore(guard)
  try {
    for (const { at, request, jwt = vector.jwt, times = 1 } of vector.prior ?? []) {
      nowMs = Date.parse(at)
      for (let i = 0; i < times; i++) await decide(core, request, jwt)
    }
    records.length = 0 // a public route has no record, and must not answer with that of an earlier request
    nowMs = Date.parse(vector.at)
    const { outcome, status, error, retryAfterSeconds } = await decide(core, vector.request, vector.jwt)
    return { outcome, status, ...(error !== undefined && { error }), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }), ...(records.length > 0 && { audit: { ...records.at(-1) } }) }
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
    return toDecision(await core.decideMatch(await core.openSession(request, request), stated, () => undefined), core.settings)
  }
}

function optionsOf({ server }: TestVectorCase, now: Clock): GuardOptions {
  const { issuer, jwks, otherIssuers = [], audience, clockTolerance, algorithms, tokenType, claimPrefix, countedPerRequest, policy, legacyScopes, profile, dpop, mtls, baseUrl, trustedProxies, routes } = server
  const { fetch, introspection } = introspectionOf(server, now)
  const issuers = [{ issuer, jwks, claimPrefix, introspection }, ...otherIssuers] as readonly IssuerOptions[]
  const optional = Object.fromEntries(Object.entries({ algorithms, tokenType, countedPerRequest, policy, legacyScopes, profile, dpop, mtls, baseUrl, trustedProxies, routes }).filter(([, value]) => value !== undefined))
  return { issuer: issuers, audience, clockTolerance, fetch, ...optional }
}

function requestOf({ method, url, headers, contentLength = 0, receivedBytes, limitsResponse, encrypted, remoteAddress, clientCertificatePem }: TestVectorRequest, jwt: string): ResourceRequest {
  const fields = headers ?? [['Authorization', `Bearer ${jwt}`]]
  const clientCertificate = clientCertificatePem === undefined ? undefined : certificateOf(clientCertificatePem)
  return { method, url, headers: {}, rawHeaders: fields.flat(), contentLength, receivedBytes, limitsResponse, remoteAddress, clientCertificate, ...(encrypted !== undefined && { encrypted }) }
}

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new Error('clientCertificatePem is no certificate in PEM', { cause })
  }
}
