import { randomUUID } from 'node:crypto'
import { expect, vi } from 'vitest'
import { createGuard, type Decision, type Guard, type GuardOptions } from '../../../src/index.js'
import { capabilities } from '../../support/issuer.js'
import { operatorMessages, type OperatorMessages } from '../../support/operator-messages.js'
import { payloadOf, signJws } from '../../token/signed-token.js'
import { startMisbehavingIssuer, type Failure, type MisbehavingIssuer } from '../../support/misbehaving-issuer.js'
import type { KeyPair } from '../../token/keys/json-web-keys.js'

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute

const startMs = Date.UTC(2025, 0, 1)
export const audience = 'https://api.example.com'

/** A clock that stands still until it is moved. */
export interface Clock {
  readonly now: () => number
  pass(milliseconds: number): void
}

export function startClock(): Clock {
  let nowMs = startMs
  return { now: () => nowMs, pass: (milliseconds) => { nowMs += milliseconds } }
}

/** An issuer that can be made to fail, over HTTP, and a guard that knows no more of it than its name. */
export interface UnderFire {
  readonly issuer: MisbehavingIssuer
  readonly guard: Guard
  readonly clock: Clock
  readonly operator: OperatorMessages
  end(): Promise<void>
}

export async function startUnderFire(options: GuardOptions = {}): Promise<UnderFire> {
  const issuer = await startMisbehavingIssuer()
  const clock = startClock()
  const operator = operatorMessages()
  const guard = createGuard({ issuer: issuer.issuer, audience, now: clock.now, audit: [], logger: operator, ...options })
  return {
    issuer,
    guard,
    clock,
    operator,
    end: async () => {
      await issuer.close()
      await guard.close()
    },
  }
}

/** Different tokens, valid for a week, that permit `search.web`. */
export function signTokens({ issuer, key }: MisbehavingIssuer, count: number, by: KeyPair = key): string[] {
  return Array.from({ length: count }, () => signJws(payloadOf({
    iss: issuer,
    aud: audience,
    iat: startMs / 1_000,
    exp: startMs / 1_000 + 7 * 86_400,
    jti: randomUUID(),
    aap_capabilities: capabilities('search.web'),
  }), { kid: by.jwk.kid }, by))
}

/** As many tokens under key names that nobody knows: valid in everything that can be seen without the key. */
export function tokensOfUnknownKeys({ issuer }: MisbehavingIssuer, count: number): string[] {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const payload = encode(payloadOf({ iss: issuer, aud: audience }))
  const signature = Buffer.alloc(64, 1).toString('base64url')
  return Array.from({ length: count }, () => `${encode({ alg: 'ES256', kid: randomUUID(), typ: 'at+jwt' })}.${payload}.${signature}`)
}

export function ask(guard: Guard, token: string): Promise<Decision> {
  return guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `Bearer ${token}` }, remoteAddress: '127.0.0.1' }, 'search.web')
}

/** Asks so often, the tokens in turn, 500 at a time, and tells how often each status came: `{ 200: 10_000 }`. */
export async function askTimes(guard: Guard, count: number, tokens: readonly string[], check: (decision: Decision) => void = () => undefined): Promise<Record<number, number>> {
  const tally: Record<number, number> = {}
  for (let asked = 0; asked < count; asked += 500) {
    const size = Math.min(500, count - asked)
    for (const decision of await Promise.all(Array.from({ length: size }, (_, i) => ask(guard, tokens[(asked + i) % tokens.length]!)))) {
      tally[decision.status] = (tally[decision.status] ?? 0) + 1
      check(decision)
    }
  }
  return tally
}

/** Until the operator has been told of the failure: the fetch that was under way is over. */
export function untilTold({ said }: OperatorMessages, { told }: Failure): Promise<void> {
  return vi.waitFor(() => { expect(said).toEqual([{ level: 'warn', message: expect.stringMatching(told) }]) }, { timeout: 20_000, interval: 5 })
}
