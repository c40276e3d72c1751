import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import { expectValidRecord } from '../support/audit.js'
import { bytes, cutOff, json, status, type Answer } from '../token/keys/issuer-server.js'
import { guarding, requestBy } from './guarding.js'
import { issuer, jwks, nowMs } from '../token/signed-token.js'
import { startRevokingIssuer } from '../token/revocation/revoking-issuer.js'
import type { RevocationOptions } from '../../src/index.js'

expectHealthyProcess()

const deadline = { timeout: 15_000, interval: 10 }
const claims = (jti: string, more: object = {}) => ({ jti, aap_agent: { id: `agent of ${jti}`, type: 't', operator: 'o' }, aap_task: { id: `task of ${jti}`, purpose: 'p' }, ...more })

/** A guard that listens to an issuer, and what it answers for a token. */
function listening(revocation: RevocationOptions, more: object = {}) {
  const parts = guarding({ issuer: { issuer, jwks, revocation }, ...more })
  onTestFinished(() => parts.guard.close())
  const ask = async (jti: string, others: object = {}) => {
    const { outcome, status: code, reason } = await parts.guard.authorize(requestBy(claims(jti, others)), 'a')
    return outcome === 'allow' ? 'allow' : `${code} ${reason!.rule}`
  }
  return { ...parts, ask, events: () => parts.records.filter((record) => record.kind === 'event') }
}

const delegated = (parent: string) => ({ aap_delegation: { depth: 1, max_depth: 2, chain: ['x', 'y'], parent_jti: parent } })

describe('REV-1: a polled list', () => {
  it('is asked for at the first request, which waits for it, and nothing is before', async () => {
    const source = await startRevokingIssuer()
    source.list([{ jti: 'one' }, { agent_id: 'agent of two', exp: nowMs / 1_000 + 60 }, { task_id: 'task of three', reason: 'stolen', iss: issuer }, { parent_jti: 'p' }, { jti: 'past', exp: nowMs / 1_000 - 600 }, ''])
    const { ask, events } = listening({ listUrl: source.listUrl })
    expect(source.listHits).toEqual([])
    const asked = await Promise.all(['one', 'two', 'three', 'four', 'past'].map((jti) => ask(jti)))
    expect(asked).toEqual(['401 REV-1', '401 REV-1', '401 REV-1', 'allow', 'allow'])
    expect(await ask('child', delegated('p'))).toBe('401 REV-1')
    expect(await ask('p')).toBe('allow')
    expect(await ask('grandchild', delegated('one'))).toBe('401 REV-1')
    expect(source.listHits).toHaveLength(1)
    expect(events()).toMatchObject([{ event: 'revoked', issuer, detail: '4 new in the list' }])
    for (const record of events()) expectValidRecord(record)
  })

  it('is asked for again, with the tag of what is known; what leaves it stays revoked', async () => {
    const source = await startRevokingIssuer()
    source.list([{ jti: 'one' }], '"first"')
    const { ask } = listening({ listUrl: source.listUrl, pollSeconds: 1 })
    expect(await ask('one')).toBe('401 REV-1')
    await vi.waitFor(() => { expect(source.listHits.slice(0, 2)).toEqual([{ etag: undefined, status: 200 }, { etag: '"first"', status: 304 }]) }, deadline)
    expect([await ask('one'), await ask('two')]).toEqual(['401 REV-1', 'allow'])
    source.list([{ jti: 'two' }], '"second"')
    await vi.waitFor(async () => { expect(await ask('two')).toBe('401 REV-1') }, deadline)
    expect(await ask('one')).toBe('401 REV-1')
  })

  it('makes `ready` wait', async () => {
    const source = await startRevokingIssuer()
    const good = listening({ listUrl: source.listUrl })
    await good.guard.ready()
    expect(source.listHits).toHaveLength(1)
    source.list(status(500))
    await expect(listening({ listUrl: source.listUrl }).guard.ready()).rejects.toThrow(/the revocation list of/)
  })

  it.each<[string, Answer | readonly unknown[], RegExp]>([
    ['an error', status(500), /status 500/],
    ['a redirect', status(302, { location: '/elsewhere' }), /status 302/],
    ['304 that nobody asked for', status(304), /status 304/],
    ['no connection', cutOff, /could not|fetch failed|other side closed/],
    ['HTML', bytes('<!doctype html><title>Back soon</title>', { 'content-type': 'text/html' }), /line 1: not JSON/],
    ['a JSON document', json({ revoked: ['jti'] }), /line 1: not exactly one/],
    ['a line too long', bytes(`{"jti":"${'x'.repeat(10_000_000)}"}\n`), /a line of more than 65536 bytes/],
    ['bytes that are no text', bytes(Buffer.from([0x22, 0xff, 0x0a])), /not UTF-8/],
    ['half a line', bytes('{"jti":"one"}\n{"jti":"tw'), /line 2: not JSON/],
    ['an entry of an unknown kind', [{ jti: 'one' }, { client_id: 'x' }], /line 2: not exactly one/],
    ['an entry of two kinds', [{ jti: 'one', agent_id: 'x' }], /line 1: not exactly one/],
    ['an id that is no text', [{ jti: 1 }], /jti is no text/],
    ['an empty id', [{ agent_id: '' }], /agent_id is no text/],
    ['an end that is no number', [{ jti: 'one', exp: 'tomorrow' }], /exp is no number/],
    ['entries of another issuer', [{ jti: 'one', iss: 'https://other.example' }], /iss is another issuer/],
    ['inherited names', ['{"__proto__":{"jti":"one"}}'], /not exactly one/],
    ['an array', ['["one"]'], /no JSON object/],
    ['an id beside another', ['{"jti":"one","jti":"two"}'], /in one way only/],
    ['an id beside another that is spelt otherwise', ['{"jti":"one", "\\u006ati" : "two"}'], /in one way only/],
    ['an end beside another', ['{"jti":"one","exp":9000000000,"exp":1}'], /in one way only/],
    ['a member twice that says no more', ['{"jti":"one","why":{"a":1,"a":2}}'], /in one way only/],
  ])('%s: all tokens are refused with 503, and accepted once there is a list', async (_what, answer, told) => {
    const source = await startRevokingIssuer()
    source.list(answer)
    const { ask, events, messages } = listening({ listUrl: source.listUrl, pollSeconds: 1 })
    expect(await ask('fine')).toBe('503 REV-1')
    expect(events()).toContainEqual(expect.objectContaining({ event: 'revocations_failed', issuer, detail: expect.stringMatching(told) }))
    expect(messages.filter((message) => told.test(message))).toHaveLength(1)
    source.list([{ jti: 'late' }])
    await vi.waitFor(async () => { expect(await ask('fine')).toBe('allow') }, deadline)
    expect(await ask('late')).toBe('401 REV-1')
    expect(events().at(-1)).toMatchObject({ event: expect.stringMatching(/revoked|recovered/) })
    for (const record of events()) expectValidRecord(record)
  })

  it('what can be read of a list that is broken is revoked all the same', async () => {
    const source = await startRevokingIssuer()
    source.list([{ jti: 'one' }, 'garbage', { jti: 'two' }])
    const { ask } = listening({ listUrl: source.listUrl })
    expect([await ask('one'), await ask('two'), await ask('three')]).toEqual(['401 REV-1', '401 REV-1', '503 REV-1'])
  })

  it('one that fails later is done without for a while', async () => {
    const source = await startRevokingIssuer()
    source.list([{ jti: 'one' }])
    const { ask, events } = listening({ listUrl: source.listUrl, pollSeconds: 1 })
    expect(await ask('fine')).toBe('allow')
    source.list(status(500))
    await vi.waitFor(() => { expect(events().at(-1)).toMatchObject({ event: 'revocations_failed' }) }, deadline)
    expect([await ask('fine'), await ask('one')]).toEqual(['allow', '401 REV-1'])
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000)
    try {
      expect([await ask('fine'), await ask('one')]).toEqual(['503 REV-1', '401 REV-1'])
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('more than 128 MB are not read', async () => {
    const source = await startRevokingIssuer()
    source.list((_request, response) => {
      response.writeHead(200)
      const line = Buffer.from(`${JSON.stringify({ jti: 'the same' })}${' '.repeat(65_000)}\n`)
      const more = (): void => { if (!response.destroyed) while (response.write(line)); }
      response.on('drain', more)
      more()
    })
    const { ask, events } = listening({ listUrl: source.listUrl })
    expect(await ask('fine')).toBe('503 REV-1')
    expect(events()).toContainEqual(expect.objectContaining({ detail: expect.stringContaining('more than 134217728 bytes') }))
  }, 60_000)

  it('a million entries are taken while requests of others are answered', async () => {
    const source = await startRevokingIssuer()
    const lines = Array.from({ length: 1_000_000 }, (_, i) => `{"jti":"revoked-${i}"}\n`).join('')
    source.list((_request, response) => { response.writeHead(200).end(lines) })
    const { ask, guard } = listening({ listUrl: source.listUrl })
    let turns = 0
    const timer = setInterval(() => { turns++ }, 1)
    await guard.ready()
    clearInterval(timer)
    // One turn of the event loop would be enough for a parser that never lets go.
    expect(turns).toBeGreaterThan(50)
    expect([await ask('revoked-0'), await ask('revoked-999999'), await ask('revoked-1000000')]).toEqual(['401 REV-1', '401 REV-1', 'allow'])
  }, 60_000)

  it('of a tenant that is dropped is not asked for any more', async () => {
    const source = await startRevokingIssuer()
    let isTrusted = true
    const { ask, guard } = listening({}, { issuer: () => (isTrusted ? { issuer, jwks, revocation: { listUrl: source.listUrl, pollSeconds: 1 } } : undefined) })
    source.list([{ jti: 'one' }])
    expect([await ask('one'), await ask('two')]).toEqual(['401 REV-1', 'allow'])
    isTrusted = false
    expect(await ask('two')).toBe('401 TOK-4')
    await guard.close()
  })
})

describe('REV-1: pushed events', () => {
  it('come at once, whatever their form', async () => {
    const source = await startRevokingIssuer()
    const { ask, events } = listening({ eventsUrl: source.eventsUrl })
    expect(await ask('one')).toBe('allow')
    source.send('data: {"jti":"one"}\n\n')
    await vi.waitFor(async () => { expect(await ask('one')).toBe('401 REV-1') }, deadline)
    source.send(': a comment\r\nid: 7\r\nevent: revocation\r\ndata:{"agent_id":\r\ndata: "agent of two"}\r\n\r\n')
    await vi.waitFor(async () => { expect(await ask('two')).toBe('401 REV-1') }, deadline)
    for (const part of ['da', 'ta: {"task_id":"ta', 'sk of th', 'ree"}', '\n', '\n']) source.send(part)
    await vi.waitFor(async () => { expect(await ask('three')).toBe('401 REV-1') }, deadline)
    source.send('event: ping\ndata: whatever\n\nretry: 1\nunknown\n\ndata: {"jti":"four"}\n\n')
    await vi.waitFor(async () => { expect(await ask('four')).toBe('401 REV-1') }, deadline)
    expect(events().map(({ event, detail }) => `${event}: ${detail}`)).toEqual(['revoked: token "one", by events', 'revoked: agent "agent of two", by events', 'revoked: task "task of three", by events', 'revoked: token "four", by events'])
    source.send('data: {"jti":"five"}\r\r: lines that end with CR alone, and one that is cut in its middle\rdata: {"jti":"six"}\r')
    await vi.waitFor(async () => { expect(await ask('five')).toBe('401 REV-1') }, deadline)
    source.send('\ndata: \n\r\ndata: {"jti":"seven"}\r\r')
    await vi.waitFor(async () => { expect(await ask('seven')).toBe('401 REV-1') }, deadline)
    expect(await ask('six')).toBe('401 REV-1')
    expect(source.streams).toEqual([undefined])
  })

  it('a stream that is dropped is opened again, after the last event', async () => {
    const source = await startRevokingIssuer()
    const { ask } = listening({ eventsUrl: source.eventsUrl })
    expect(await ask('one')).toBe('allow')
    source.send('id: 41\ndata: {"jti":"one"}\n\nid: 42\ndata: {"jti":"half')
    await vi.waitFor(async () => { expect(await ask('one')).toBe('401 REV-1') }, deadline)
    source.drop()
    await vi.waitFor(() => { expect(source.streams).toEqual([undefined, '41']) }, deadline)
    source.send('id: 42\ndata: {"jti":"half"}\n\n')
    await vi.waitFor(async () => { expect(await ask('half')).toBe('401 REV-1') }, deadline)
  })

  it('a flood is taken', async () => {
    const source = await startRevokingIssuer()
    const { ask, events } = listening({ eventsUrl: source.eventsUrl })
    expect(await ask('one')).toBe('allow')
    for (let i = 0; i < 100; i++) source.send(Array.from({ length: 1_000 }, (_, j) => `id: ${i}-${j}\ndata: {"jti":"made-up-${i}-${j}"}\n\n`).join(''))
    source.send('data: {"jti":"one"}\n\n')
    await vi.waitFor(async () => { expect(await ask('one')).toBe('401 REV-1') }, deadline)
    expect([await ask('made-up-0-0'), await ask('made-up-99-999'), await ask('two')]).toEqual(['401 REV-1', '401 REV-1', 'allow'])
    expect(events().length).toBeLessThan(2_000)
  })

  it.each([['not JSON', 'data: garbage\n\n'], ['no kind', 'data: {"client_id":"x"}\n\n'], ['a line too long', `data: {"jti":"${'x'.repeat(200_000)}"}\n\n`], ['an event too long', `${`data: ${'x'.repeat(60_000)}\n`.repeat(3)}\n`]])('%s: the stream is opened again after the last event that could be read, and an event that could not makes it distrusted', async (what, text) => {
    const source = await startRevokingIssuer()
    const { ask, events } = listening({ eventsUrl: source.eventsUrl })
    expect(await ask('one')).toBe('allow')
    source.send('id: 1\ndata: {"jti":"first"}\n\n')
    await vi.waitFor(async () => { expect(await ask('first')).toBe('401 REV-1') }, deadline)
    source.send(`id: 2\n${text}`)
    await vi.waitFor(() => { expect(source.streams).toEqual([undefined, '1']) }, deadline)
    if (what === 'not JSON' || what === 'no kind') {
      expect(await ask('one')).toBe('503 REV-1')
      expect(events()).toContainEqual(expect.objectContaining({ event: 'revocations_failed', issuer }))
    }
  })

  it('garbage makes a list be read at once, which decides', async () => {
    const source = await startRevokingIssuer()
    const { ask, events } = listening({ eventsUrl: source.eventsUrl, listUrl: source.listUrl, pollSeconds: 30 })
    expect(await ask('one')).toBe('allow')
    await vi.waitFor(() => { expect(source.streams).toHaveLength(1) }, deadline)
    source.list([{ jti: 'one' }])
    source.send('data: garbage\n\n')
    await vi.waitFor(async () => { expect(await ask('one')).toBe('401 REV-1') }, deadline)
    expect(await ask('two')).toBe('allow')
    expect(events()).toContainEqual(expect.objectContaining({ event: 'revocations_failed', detail: expect.stringMatching(/the revocation events of .*not JSON/) }))
  })

  it.each<[string, Answer]>([['404', status(404)], ['a redirect', status(307, { location: '/revoked' })], ['another type', json([])], ['a connection that is cut', cutOff]])('%s in place of a stream: tokens are refused, and accepted once there is one', async (_what, answer) => {
    const source = await startRevokingIssuer()
    source.events(answer)
    const { ask } = listening({ eventsUrl: source.eventsUrl })
    expect(await ask('one')).toBe('503 REV-1')
    source.events((_request, response) => { response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).flushHeaders() })
    await vi.waitFor(async () => { expect(await ask('one')).toBe('allow') }, deadline)
  })

  it('are not listened to once the guard is closed', async () => {
    const source = await startRevokingIssuer()
    const { ask, guard } = listening({ eventsUrl: source.eventsUrl, listUrl: source.listUrl, pollSeconds: 1 })
    expect(await ask('one')).toBe('allow')
    await vi.waitFor(() => { expect(source.streams).toHaveLength(1) }, deadline)
    await guard.close()
    source.drop()
    // What was asked for just before may come still.
    for (let rounds = 0, before = -1; source.listHits.length !== before; rounds++) {
      expect(rounds, 'rounds').toBeLessThan(4)
      before = source.listHits.length
      await new Promise((resolve) => { setTimeout(resolve, 1_300) })
    }
    expect(source.streams).toHaveLength(1)
  })
})
