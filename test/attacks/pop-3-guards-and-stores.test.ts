import { describe, expect, it } from 'vitest'
import { aapGuard, createGuard, requireCapability, type GuardOptions } from '../../src/index.js'
import { attackedAudience } from '../support/attacked-api.js'
import { createForger } from '../support/forge.js'
import { createProofMaker, dpopLines } from '../support/dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { guardStyles, refusedProof, usePopApi } from '../support/pop-api.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { openConnection } from '../support/connection.js'
import { serverKinds, type App, type Middleware, type ServerKind } from '../support/servers.js'
import { startApi, type Api } from '../support/api.js'
import type { Admission, AdmissionVerdict, StateStore } from '../../src/model/store.js'
import { stoppedClock } from '../support/stopped-clock.js'

expectHealthyProcess()

const url = `${attackedAudience}/search`
const forger = createForger()
const client = createProofMaker()
const trusting: GuardOptions = { issuer: forger.issuer, audience: attackedAudience }

function token(overrides: object = {}): string {
  const iat = Math.floor(Date.now() / 1000)
  return forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat, exp: iat + 300, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }, { action: 'search.more', constraints: {} }], ...overrides }))
}

/** Keeps what was asked of a memory store. */
function watchedStore(): StateStore & { readonly asked: Admission[] } {
  const store = memoryStore()
  const asked: Admission[] = []
  return { name: 'watched', asked, admit: (admission) => { asked.push(admission); return store.admit(admission) } }
}

const quiet: GuardOptions = { audit: [], logger: { info: () => undefined, warn: () => undefined, error: () => undefined } }
const routes = { 'GET /search': 'search.web' }

/** One request with a proof, twice: what was answered, and which handlers ran. */
async function twice({ server, handled }: Api, shown = token()): Promise<unknown[]> {
  const lines = dpopLines(shown, client.proof({ token: shown, url }))
  const answers = [await server.sendTarget('/search', lines), await server.sendTarget('/search', lines)]
  return [answers.map((answer) => [answer.status, answer.status === 200 ? undefined : answer.json.error]), handled.splice(0)]
}

const once = [[[200, undefined], [401, 'invalid_dpop_proof']], ['search']]

describe.each(serverKinds)('POP-3: a request that is guarded twice is no replay of itself, on %s', (kind) => {
  const search = requireCapability('search.web')
  const mounted = kind !== 'node:http'

  it.each<[string, GuardOptions, (guard: Middleware, store: StateStore) => App['use'], readonly Middleware[]]>([
    ['one guard, twice', {}, (guard) => [guard, guard], [search]],
    ['one guard, three times, between them others', {}, (guard) => [guard, (_req, _res, next) => { setImmediate(next) }, guard, guard], [search]],
    ['requireCapability twice for one action', {}, (guard) => [guard], [search, search]],
    ['requireCapability for two actions', {}, (guard) => [guard], [search, requireCapability('search.more')]],
    ['guard and requireCapability, each twice', {}, (guard) => [guard, guard], [search, search]],
    ['two guards that share a store', {}, (guard, store) => [guard, aapGuard({ ...trusting, ...quiet, store })], [search]],
    ['routes, and requireCapability behind it', { routes }, (guard) => [guard], [search]],
    ['routes, and requireCapability for another action behind it', { routes }, (guard) => [guard], [requireCapability('search.more')]],
    ['routes, twice', { routes }, (guard) => [guard, guard], []],
    ['routes twice, and requireCapability twice', { routes }, (guard) => [guard, guard], [search, search]],
    ['a guard with routes, and one without, on one store', { routes }, (guard, store) => [guard, aapGuard({ ...trusting, ...quiet, store })], [search]],
    ['a guard without routes, and one with them, on one store', {}, (guard, store) => [guard, aapGuard({ ...trusting, ...quiet, store, routes })], []],
    ['a guard and a mounted one, on one store', {}, (guard, store) => [guard, mounted ? { at: '/search', run: aapGuard({ ...trusting, ...quiet, store }) } : aapGuard({ ...trusting, ...quiet, store })], [search]],
    ['guards on two stores', {}, (guard) => [guard, aapGuard({ ...trusting, ...quiet })], [search]],
    ['guards with routes on two stores', { routes }, (guard) => [guard, aapGuard({ ...trusting, ...quiet, routes })], [search]],
  ])('%s', async (_what, options, use, run) => {
    const store = watchedStore()
    const api = await startApi(kind, { ...trusting, store, ...options }, ({ guard, handler }) => ({ use: use(guard, store), routes: [{ path: '/search', run: [...run, handler('search')] }] }))
    expect(await twice(api)).toEqual(once)
    expect(store.asked.filter(({ proof }) => proof !== undefined), 'shown to the store once a request').toHaveLength(2)
  })

  it('a quota is taken once too (QTA-2)', async () => {
    const api = await startApi(kind, { ...trusting, routes }, ({ guard, handler }) => ({ use: [guard, guard], routes: [{ path: '/search', run: [search, search, handler('search')] }] }))
    const shown = token({ jti: 'counted', aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: 2 } }] })
    expect(await twice(api, shown)).toEqual(once)
    expect(await twice(api, shown)).toEqual(once)
    expect(await twice(api, shown)).toEqual([[[429, 'aap_constraint_violation'], [401, 'invalid_dpop_proof']], []])
  })
})

describe.each(serverKinds.filter((kind) => kind !== 'node:http'))('POP-3: a replay that somebody lets go on is one for every guard, on %s', (kind) => {
  /** Takes an error for nothing and goes on, as error handlers of Express and Connect may. */
  const careless = Object.defineProperty((...[, , , next]: [unknown, unknown, unknown, (error?: unknown) => void]) => { next() }, 'length', { value: 4 }) as unknown as Middleware
  const respond: GuardOptions['respond'] = (_denial, _req, _res, next) => { next(new Error('refused')) }

  it.each<[string, GuardOptions, readonly Middleware[]]>([
    ['requireCapability', {}, [requireCapability('search.web')]],
    ['the same guard again, with routes', { routes }, []],
    ['the same guard again, and requireCapability', {}, [requireCapability('search.web')]],
  ])('%s', async (what, options, run) => {
    const api = await startApi(kind, { ...trusting, respond, ...options }, ({ guard, handler }) => ({ use: [guard, careless, ...(what.includes('again') ? [guard] : [])], routes: [{ path: '/search', run: [...run, handler('search')] }] }))
    const shown = token()
    const lines = dpopLines(shown, client.proof({ token: shown, url }))
    expect((await api.server.sendTarget('/search', lines)).status).toBe(200)
    expect(api.handled.splice(0)).toEqual(['search'])
    expect((await api.server.sendTarget('/search', lines)).status).toBe(500)
    expect(api.handled).toEqual([])
  })
})

describe.each(guardStyles)('POP-3: what is not recorded, with %s', (style) => {
  const store = watchedStore()
  const pop = usePopApi(style, () => ({ store }))
  const shownProofs = (): number => store.asked.splice(0).filter(({ proof }) => proof !== undefined).length

  it('the proof itself failed: its jti is free still', async () => {
    const given = pop.token()
    const other = createProofMaker('ES256', () => pop.nowMs)
    const jti = 'free'
    shownProofs()
    await pop.expectRefused({ token: given, parts: { claims: { jti, htm: 'POST' } } }, refusedProof)
    await pop.expectRefused({ token: given, parts: { claims: { jti, htu: 'https://other.example/search' } } }, { ...refusedProof, rule: 'POP-4' })
    await pop.expectRefused({ token: given, parts: { claims: { jti, iat: 0 } } }, refusedProof)
    await pop.expectRefused({ token: given, parts: { claims: { jti, ath: 'x' } } }, refusedProof)
    await pop.expectRefused({ token: given, parts: { claims: { jti }, header: { typ: 'JWT' } } }, refusedProof)
    await pop.expectRefused({ token: given, proofs: [other.proof({ token: given, claims: { jti }, header: { jwk: pop.client.jwk } })] }, refusedProof)
    await pop.expectRefused({ token: given, proofs: [other.proof({ token: given, claims: { jti } })] }, { status: 401, error: 'invalid_token', rule: 'POP-3' })
    expect(shownProofs()).toBe(0)
    await pop.expectAllowed({ token: given, parts: { claims: { jti } } })
    expect(shownProofs()).toBe(1)
  })

  it('the token failed: once it holds, its proof is new', async () => {
    const early = pop.token({ nbf: pop.nowMs / 1000 + 70 })
    const showing = { token: early, proofs: [pop.client.proof({ token: early, nowMs: pop.nowMs + 10_000 })] }
    shownProofs()
    await pop.expectRefused(showing, { status: 401, error: 'invalid_token', rule: 'TOK-6' })
    expect(shownProofs()).toBe(0)
    pop.nowMs += 15_000
    await pop.expectAllowed(showing)
    await pop.expectRefused(showing, refusedProof)
  })

  it('nobody shows a proof with a token that is forged, or bound by its forger', async () => {
    const mallory = createForger()
    shownProofs()
    const forged = mallory.token({ ...exampleClaims({ iss: pop.forger.issuer.issuer, aud: attackedAudience, iat: pop.nowMs / 1000, exp: pop.nowMs / 1000 + 300, jti: 'j' }), cnf: pop.client.confirmation })
    await pop.expectRefused({ token: forged }, { status: 401, error: 'invalid_token', rule: 'TOK-1' })
    expect(shownProofs()).toBe(0)
  })

  it('malformed requests', async () => {
    const given = pop.token()
    const proofs = [pop.client.proof({ token: given })]
    shownProofs()
    await pop.expectRefused({ token: given, proofs, hosts: ['a', 'b'] }, { status: 400, error: 'invalid_request', rule: 'POP-4' })
    await pop.expectRefused({ token: given, proofs, lines: [`Authorization: DPoP ${given}`] }, { status: 400, error: 'invalid_request', rule: 'TRN-1' })
    await pop.expectRefused({ token: given, proofs, scheme: 'Bearer' }, { status: 401, error: 'invalid_token', rule: 'POP-1' })
    expect(shownProofs()).toBe(0)
    await pop.expectAllowed({ token: given, proofs })
  })

  it('a flood of proofs that do not hold reaches no store at all', async () => {
    const given = pop.token()
    shownProofs()
    for (let i = 0; i < 200; i++) {
      expect((await pop.show({ token: given, parts: { claims: { htm: 'POST', jti: `flood ${i}` }, header: { jwk: { ...pop.client.jwk, kid: `${i}` } } } })).status).toBe(401)
    }
    expect(store.asked).toEqual([])
    pop.api.audit.clear()
  })

  it('what the store is told of a proof: a digest and whole milliseconds', async () => {
    store.asked.length = 0
    const jti = 'told to nobody'
    for (const claims of [{ jti, iat: pop.nowMs / 1000 + 10 }, { jti: 'oldest', iat: pop.nowMs / 1000 - 60 }, { jti: 'fraction', iat: pop.nowMs / 1000 - 0.123456 }]) await pop.expectAllowed({ parts: { claims } })
    const proofs = store.asked.map(({ proof }) => proof).filter((proof) => proof !== undefined)
    expect(proofs.map(({ keepMs }) => keepMs)).toEqual([70_001, 1, 59_877])
    for (const proof of proofs) {
      expect(Object.keys(proof)).toEqual(['key', 'keepMs'])
      expect(proof.key).toMatch(/^[A-Za-z0-9_-]{43}$/)
    }
    expect(JSON.stringify(store.asked)).not.toContain(jti)
    expect(JSON.stringify(store.asked)).not.toContain(pop.client.thumbprint)
  })
})

describe.each(guardStyles)('POP-3: 100,000 different proofs, then the first again, with %s', (style) => {
  const store = memoryStore({ now: () => Date.UTC(2030, 4, 6, 12) })
  const pop = usePopApi(style, () => ({ store }))

  it('is refused', async () => {
    const given = pop.token()
    const first = { token: given, proofs: [pop.client.proof({ token: given })] }
    await pop.expectAllowed(first)
    let admitted = 0
    for (let i = 0; i < 100_000; i++) if ((store.admit({ scope: 's', proof: { key: `p${i}`, keepMs: 60_001 }, alternatives: [] }) as AdmissionVerdict).outcome === 'admitted') admitted++
    expect(admitted).toBe(100_000)
    await pop.expectRefused(first, refusedProof)
  })
})

describe.each(guardStyles)('POP-3: a store that is full of proofs, with %s', (style) => {
  const pop = usePopApi(style, (now) => ({ store: memoryStore({ now, maxProofs: 2 }) }))

  it('answers 503 with Retry-After to new ones, knows the old ones, and has room when they are over', async () => {
    const given = pop.token()
    const showing = () => ({ token: given, proofs: [pop.client.proof({ token: given })] })
    const [first, second, third] = [showing(), showing(), showing()]
    await pop.expectAllowed(first)
    await pop.expectAllowed(second)
    for (let i = 0; i < 3; i++) {
      const { status, headers, json } = await pop.show(third)
      expect([status, json.error, headers.find(([name]) => name === 'retry-after')?.[1]]).toEqual([503, 'temporarily_unavailable', '1'])
      expect(pop.api.audit.takeDecision()).toMatchObject({ rule: 'POP-3' })
      expect(pop.api.handled).toEqual([])
    }
    await pop.expectRefused(first, refusedProof)
    await pop.expectRefused(second, refusedProof)
    // Tokens that are not bound need no room.
    await pop.expectAllowed({ token: pop.token({ cnf: undefined }), scheme: 'Bearer', proofs: [] })
    pop.nowMs += 71_000
    await pop.expectAllowed()
    pop.nowMs += 71_000
  })
})

const failures: readonly (readonly [string, () => unknown])[] = [
  ['throws', () => { throw new Error('down') }], ['throws nothing', () => { throw undefined }], ['rejects', () => Promise.reject(new Error('down'))], ['rejects with nothing', () => Promise.reject()], ['never answers', () => new Promise(() => undefined)],
  ['answers nothing', () => undefined], ['answers null', () => null], ['answers true', () => true], ['answers a word', () => 'admitted'], ['answers an empty object', () => ({})], ['answers a list', () => ['admitted']], ['answers later with nothing', () => Promise.resolve()],
  ['answers another outcome', () => ({ outcome: 'maybe' })], ['answers in capitals', () => ({ outcome: 'ADMITTED', alternative: 0 })], ['answers in a list', () => ({ outcome: ['admitted'], alternative: 0 })], ['answers a true outcome', () => ({ outcome: true, alternative: 0 })],
]

describe.each(guardStyles)('QTA-6: a store that cannot say whether a proof is new has not said that it is, with %s', (style) => {
  let admit: (() => unknown) | undefined
  const good = memoryStore()
  const pop = usePopApi(style, () => ({ storeTimeoutMs: 50, store: { name: 'broken', admit: (admission) => (admit === undefined ? good.admit(admission) : (admit() as AdmissionVerdict)) } }), { '/unknown': undefined })
  const unavailable = { status: 503, error: 'temporarily_unavailable', rule: 'QTA-6' }

  it.each(failures)('a store that %s: 503, whatever else would be wrong', async (_what, answer) => {
    admit = answer
    try {
      await pop.expectRefused({}, unavailable)
      await pop.expectRefused({ token: pop.token({ aap_capabilities: [{ action: 'another', constraints: {} }] }) }, unavailable)
      await pop.expectRefused({ token: pop.token({ aap_capabilities: [{ action: 'search.web', constraints: { allowed_methods: ['DELETE'], max_requests_per_day: 5 } }] }) }, unavailable)
      await pop.expectRefused({ token: pop.token({ aap_task: { id: 't', purpose: 'p', expires_at: 1 } }) }, unavailable)
      await pop.expectRefused({ target: '/unknown' }, unavailable)
      // It is not asked where there is nothing to count and nothing to remember.
      await pop.expectAllowed({ token: pop.token({ cnf: undefined }), scheme: 'Bearer', proofs: [] })
    } finally {
      admit = undefined
    }
  })

  it('a store that is full where nothing was to be taken has answered rubbish', async () => {
    admit = () => ({ outcome: 'full', retryAfterMs: 1_000 })
    try {
      await pop.expectRefused({ target: '/unknown' }, unavailable)
      const task = { token: pop.token({ aap_task: { id: 't', purpose: 'p', expires_at: 1 } }) }
      await pop.expectRefused(task, unavailable)
    } finally {
      admit = undefined
    }
  })
})

describe.each(guardStyles)('POP-3: several requests on one connection, with %s', (style) => {
  const pop = usePopApi(style)

  it('pipelined ones with one proof: one 200, one handler', async () => {
    const given = pop.token()
    const showing = { token: given, proofs: [pop.client.proof({ token: given })] }
    const connection = await openConnection(pop.api.server.port)
    await connection.send(pop.bytes(showing, 'keep-alive').repeat(9) + pop.bytes(showing))
    const { answers } = await connection.closed()
    await pop.api.server.idle()
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)])
    expect(pop.api.handled.splice(0)).toEqual(['handler'])
    pop.api.audit.clear()
  })

  it('one after another on a connection that is kept: a new proof for each, and an old one never', async () => {
    const given = pop.token()
    const proofs = Array.from({ length: 4 }, () => pop.client.proof({ token: given }))
    const connection = await openConnection(pop.api.server.port)
    for (const proof of proofs) await connection.send(pop.bytes({ token: given, proofs: [proof] }, 'keep-alive') + pop.bytes({ token: given, proofs: [proof] }, 'keep-alive'))
    await connection.send(pop.bytes({ token: given }))
    const { answers } = await connection.closed()
    await pop.api.server.idle()
    // Those of a pair may overtake each other on their way to the store.
    const statuses = answers.map(({ status }) => status)
    expect([0, 2, 4, 6].map((i) => statuses.slice(i, i + 2).sort())).toEqual(Array(4).fill([200, 401]))
    expect(statuses.slice(8)).toEqual([200])
    expect(pop.api.handled.splice(0)).toHaveLength(5)
    pop.api.audit.clear()
  })

  it('a proof in the trailers of a body is none', async () => {
    const given = pop.token()
    const proof = pop.client.proof({ method: 'POST', token: given })
    const head = pop.bytes({ method: 'POST', token: given, proofs: [], lines: ['Transfer-Encoding: chunked', 'Trailer: DPoP'] })
    const answer = await pop.api.server.send(`${head}0\r\nDPoP: ${proof}\r\n\r\n`)
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_dpop_proof'])
    expect(pop.api.audit.takeDecision().rule).toBe('POP-3')
    expect(pop.api.handled).toEqual([])
  })
})

describe('TRN-5: failed proofs count as failed validations', () => {
  it.each<[string, () => { given: string; proofs: readonly string[] }, number]>([
    ['no proof', () => ({ given: token(), proofs: [] }), 401],
    ['a proof for another method', () => ({ given: token(), proofs: [client.proof({ token: token(), url, method: 'POST' })] }), 401],
    ['a proof by another key', () => ({ given: token(), proofs: [createProofMaker().proof({ token: token(), url })] }), 401],
    ['two proofs', () => ({ given: token(), proofs: ['a', 'b'] }), 401],
  ])('%s', async (_what, make, status) => {
    const clock = stoppedClock()
    const api = await startApi('Express 5', { ...trusting, failedValidationsPerMinute: 2, routes, ...clock }, ({ guard: middleware, handler }) => ({ use: [middleware], routes: [{ path: '/search', run: [handler('search')] }] }))
    const { given, proofs } = make()
    const statuses: number[] = []
    for (let i = 0; i < 2; i++) statuses.push((await api.server.sendTarget('/search', dpopLines(given, ...proofs))).status)
    const good = token()
    statuses.push((await api.server.sendTarget('/search', dpopLines(good, client.proof({ token: good, url, nowMs: clock.now() })))).status)
    expect(statuses).toEqual([status, status, 429])
    expect(api.handled).toEqual([])
  })

  it('a nonce that is asked for is no failure: every client has to ask once', async () => {
    const api = await startApi('Express 5', { ...trusting, failedValidationsPerMinute: 1, routes, dpop: { nonceSecret: 'a secret of at least 32 characters' } }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/search', run: [handler('search')] }] }))
    const given = token()
    for (let i = 0; i < 5; i++) {
      const asked = await api.server.sendTarget('/search', dpopLines(given, client.proof({ token: given, url })))
      expect([asked.status, asked.json.error]).toEqual([401, 'use_dpop_nonce'])
      const nonce = asked.header('dpop-nonce')
      expect((await api.server.sendTarget('/search', dpopLines(given, client.proof({ token: given, url, claims: { nonce } })))).status).toBe(200)
    }
  })
})

it.each<ServerKind>(['Express 5', 'node:http'])('POP-3: a proof that is shown while the hooks of a route run is too old once they are done, on %s', async (kind) => {
  let nowMs = Date.UTC(2030, 4, 6, 12)
  let delayMs = 0
  const iat = nowMs / 1000
  const slow = (): Promise<number> => new Promise((resolve) => { setImmediate(() => { nowMs += delayMs; resolve(1) }) })
  const store = memoryStore({ now: () => nowMs })
  const { server, handled, audit } = await startApi(kind, { ...trusting, store, now: () => nowMs, routes: { 'GET /search': { action: 'search.web', amount: slow } } }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/search', run: [handler('search')] }] }))
  const given = token({ iat, exp: iat + 3_600 })
  const proof = client.proof({ token: given, url, nowMs })
  expect((await server.sendTarget('/search', dpopLines(given, proof))).status).toBe(200)
  expect(handled.splice(0)).toEqual(['search'])
  audit.clear()

  // Fresh to the millisecond when it comes, and forgotten by the store before the hook is done.
  nowMs += 60_000
  delayMs = 20_000
  const again = await server.sendTarget('/search', dpopLines(given, proof))
  expect([again.status, again.json.error]).toEqual([401, 'invalid_dpop_proof'])
  expect(audit.takeDecision().rule).toBe('POP-3')
  expect(handled).toEqual([])
})

describe.each(guardStyles)('POP-3: the clock moves while the option facts is asked, with %s', (style) => {
  const slow = (req: { headers: Record<string, string | undefined> }): Promise<object> => new Promise((resolve) => {
    setImmediate(() => {
      pop.nowMs += Number(req.headers['x-moves'] ?? 0)
      resolve({})
    })
  })
  const pop = usePopApi(style, () => ({ facts: slow }))

  it.each([[20_000, 50_000], [1, 60_000], [-20_000, 0], [-3_600_000, 0]])('by %i ms, with a proof %i ms old: not fresh any more, or not yet', async (movesMs, ageMs) => {
    const start = pop.nowMs
    const given = pop.token()
    const proofs = [pop.client.proof({ token: given })]
    pop.nowMs += ageMs
    const record = await pop.expectRefused({ token: given, proofs, lines: [`X-Moves: ${movesMs}`] }, refusedProof)
    expect(record.detail).toContain('not fresh')
    pop.nowMs = start
  })

  it('and nothing is wrong where it is fresh still', async () => {
    await pop.expectAllowed({ lines: ['X-Moves: 59000'] })
  })
})

describe('POP-3: guard.authorize counts every header that is there', () => {
  it.each<[string, (one: string, other: string) => object, number]>([
    ['a list of one', (one) => ({ dpop: [one] }), 200], ['another case of name', (one) => ({ DPoP: one }), 200],
    ['a list of two', (one, other) => ({ dpop: [one, other] }), 401], ['the same twice', (one) => ({ dpop: [one, one] }), 401], ['two cases of name', (one, other) => ({ dpop: one, DPoP: other }), 401],
    ['joined, as Node does', (one, other) => ({ dpop: `${one}, ${other}` }), 401], ['an empty list', () => ({ dpop: [] }), 401], ['nothing', () => ({ dpop: undefined }), 401], ['a proof and an empty one', (one) => ({ dpop: [one, ''] }), 401],
  ])('%s', async (_what, headers, status) => {
    const guard = createGuard({ ...trusting, ...quiet })
    const given = token()
    const [one, other] = [client.proof({ token: given, url }), client.proof({ token: given, url })]
    const decision = await guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `DPoP ${given}`, ...headers(one, other) } }, 'search.web')
    expect(decision.status).toBe(status)
    await guard.close()
  })
})
