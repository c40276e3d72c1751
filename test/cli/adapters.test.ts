import { createServer } from 'node:net'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { conformance, conformanceWithin, freshPath } from './running.js'
import { perfect, say, startAdapter } from './adapters.js'
import { vectorCases } from '../vectors/committed-vectors.js'

const casesOf = (...names: string[]) => vectorCases.filter(({ verifies, id }) => [id, ...verifies].some((name) => names.includes(name)))
const outcome = (id: string) => vectorCases.find((vector) => vector.id === id)!.expect
const lineOf = (text: string, start: string) => text.split('\n').find((line) => line.startsWith(start))

/** Runs the cases and gives back their report. */
async function reported(url: string, only: string, timeoutMs?: number) {
  const json = freshPath('report.json')
  const args = ['--url', url, '--only', only, '--json', json]
  const printed = timeoutMs === undefined ? await conformance(...args) : await conformanceWithin(timeoutMs, args)
  const report = JSON.parse(readFileSync(json, 'utf8'))
  return { ...printed, report, problems: (id: string): string[] => report.cases.find((entry: any) => entry.id === id).problems }
}

describe('an adapter that decides as it should', () => {
  it('passes, and is asked one case after the other without what is expected and with the keys themselves', async () => {
    const adapter = await startAdapter(perfect)
    const passed = await conformance('--url', adapter.url, '--only', 'transport,delegation,QTA-1', '--only', 'tok-4-second-issuer')
    expect(passed.stdout).toContain(`${adapter.questions.length} vectors: ${adapter.questions.length} pass, 0 fail`)
    expect(passed.code).toBe(0)
    // On a busy machine it says how far it is.
    expect(passed.stderr).toMatch(/^(\d+ of \d+, 0 not as expected\n)*$/)
    expect(adapter.mostAtOnce).toBe(1)
    const known = new Map(vectorCases.map((vector) => [vector.id, vector]))
    for (const question of adapter.questions) {
      const { expect: expected, server, ...rest } = known.get(question.id)!
      expect(expected.outcome).toMatch(/allow|deny/)
      expect(question).toEqual({ ...rest, server: expect.objectContaining({ issuer: server.issuer, jwks: { keys: expect.any(Array) } }) })
      for (const other of question.server.otherIssuers ?? []) expect(other.jwks).toEqual({ keys: expect.any(Array) })
    }
    expect(adapter.questions.some(({ prior }) => prior !== undefined)).toBe(true)
    expect(adapter.questions.some(({ server }) => server.otherIssuers !== undefined)).toBe(true)
  })

  it('reads from the case what the issuer answers (INT-1)', async () => {
    const adapter = await startAdapter(perfect)
    expect((await conformance('--url', adapter.url, '--only', 'introspection/lifetime.json')).code).toBe(0)
    const known = new Map(vectorCases.map((vector) => [vector.id, vector]))
    for (const { id, jwt, server } of adapter.questions) {
      expect(server.introspection).toEqual(known.get(id)!.server.introspection)
      expect(server.introspection?.answers[jwt], id).toBeDefined()
    }
  })

  it('gets a POST with JSON and no redirect to follow', async () => {
    const seen: unknown[] = []
    const adapter = await startAdapter((question, res, { method, headers }) => {
      seen.push([method, headers['content-type'], headers.accept])
      return perfect(question, res)
    })
    expect((await conformance('--url', adapter.url, '--only', 'trn-1-bearer')).code).toBe(0)
    expect(seen).toEqual([['POST', 'application/json', 'application/json']])
  })

  it('may leave out audit, and what is not in the contract is ignored', async () => {
    const adapter = await startAdapter(say(({ id }) => {
      const { audit, ...rest } = outcome(id)
      expect(audit).toBeDefined()
      return { ...rest, note: 'mine' }
    }))
    expect(await conformance('--url', adapter.url, '--only', 'TRN-1,CON-1')).toMatchObject({ code: 0 })
  })
})

describe('an adapter that decides wrongly', () => {
  it('admits everything: each denial fails, and the report says how many', async () => {
    const adapter = await startAdapter(say(() => ({ outcome: 'allow', status: 200 })))
    const cases = casesOf('TRN-1')
    const denied = cases.filter(({ expect: { outcome: expected } }) => expected === 'deny')
    const { code, stdout, report } = await reported(adapter.url, 'TRN-1')
    expect(code).toBe(1)
    expect(report.summary).toEqual({ cases: cases.length, pass: cases.length - denied.length, fail: denied.length, 'expected-failure': 0, 'unexpected-pass': 0, wronglyAdmitted: denied.length })
    expect(lineOf(stdout, `${cases.length} vectors:`)).toContain(`${denied.length} fail, ${denied.length} of the failing admit what has to be denied`)
    expect(stdout).toContain('admitted, and has to be denied')
  })

  it('denies everything: each admission fails, and none is wrongly admitted', async () => {
    const adapter = await startAdapter(say(() => ({ outcome: 'deny', status: 400, error: 'invalid_request', audit: { rule: 'TRN-1' } })))
    const { code, stdout, report } = await reported(adapter.url, 'transport/authorization.json')
    const allowed = report.cases.filter((entry: any) => entry.expected.outcome === 'allow')
    expect(code).toBe(1)
    expect(report.summary).toMatchObject({ fail: allowed.length, wronglyAdmitted: 0 })
    expect(allowed.map((entry: any) => entry.outcome)).toEqual(allowed.map(() => 'fail'))
    expect(stdout).not.toContain('admitted, and has to be denied')
  })

  it.each<[title: string, id: string, answer: (expected: any) => unknown, problems: string[]]>([
    ['the status as text', 'trn-1-no-token', (expected) => ({ ...expected, status: '400' }), ['status: expected 400, got "400"']],
    ['the status in an array', 'trn-1-no-token', (expected) => ({ ...expected, status: [400] }), ['status: expected 400, got [400]']],
    ['an error that is null where there is none', 'trn-1-bearer', (expected) => ({ ...expected, error: null }), ['error: expected nothing, got null']],
    ['an error that is empty where there is none', 'trn-2-no-header', (expected) => ({ ...expected, error: '' }), ['error: expected nothing, got ""']],
    ['an error where there is none', 'trn-1-bearer', (expected) => ({ ...expected, error: 'invalid_token' }), ['error: expected nothing, got "invalid_token"']],
    ['no error where there is one', 'trn-1-no-token', (expected) => ({ ...expected, error: undefined }), ['error: expected "invalid_request", got nothing']],
    ['true as the outcome', 'trn-1-bearer', (expected) => ({ ...expected, outcome: true }), ['outcome: expected "allow", got true']],
    ['no outcome', 'trn-1-bearer', (expected) => ({ ...expected, outcome: undefined }), ['outcome: expected "allow", got nothing']],
    ['nothing at all', 'trn-1-no-token', () => ({}), ['outcome: expected "deny", got nothing', 'status: expected 400, got nothing', 'error: expected "invalid_request", got nothing']],
    ['members of Object.prototype', 'trn-1-bearer', () => JSON.parse('{"__proto__":{"outcome":"allow","status":200}}'), ['outcome: expected "allow", got nothing', 'status: expected 200, got nothing']],
    ['an audit record that is text', 'trn-1-no-token', (expected) => ({ ...expected, audit: 'TRN-1' }), ['audit: expected an object, got "TRN-1"']],
    ['an audit record that is null', 'trn-1-no-token', (expected) => ({ ...expected, audit: null }), ['audit: expected an object, got null']],
    ['an audit record that is a list', 'trn-1-no-token', (expected) => ({ ...expected, audit: [] }), ['audit: expected an object, got []']],
    ['an empty audit record', 'trn-1-no-token', (expected) => ({ ...expected, audit: {} }), ['audit.rule: expected "TRN-1", got nothing']],
    ['another rule', 'trn-1-no-token', (expected) => ({ ...expected, audit: { rule: 'TRN-2' } }), ['audit.rule: expected "TRN-1", got "TRN-2"']],
    ['an index as text', 'trn-1-bearer', (expected) => ({ ...expected, audit: { ...expected.audit, capability_index: '0' } }), ['audit.capability_index: expected 0, got "0"']],
  ])('answers %s', async (_, id, answer, problems) => {
    const adapter = await startAdapter(say(() => answer(outcome(id))))
    const result = await reported(adapter.url, id)
    expect(result.problems(id)).toEqual(problems)
    expect(result.code).toBe(1)
    for (const problem of problems) expect(result.stdout).toContain(problem)
  })

  it('answers another time to wait, or gives it as text', async () => {
    const [limited] = vectorCases.filter(({ expect: { retryAfterSeconds } }) => retryAfterSeconds !== undefined)
    const { id, expect: expected } = limited!
    const late = await startAdapter(say(() => ({ ...expected, retryAfterSeconds: expected.retryAfterSeconds! + 1 })))
    expect((await reported(late.url, id)).problems(id)).toEqual([`retryAfterSeconds: expected ${expected.retryAfterSeconds}, got ${expected.retryAfterSeconds! + 1}`])
    const text = await startAdapter(say(() => ({ ...expected, retryAfterSeconds: `${expected.retryAfterSeconds}` })))
    expect((await reported(text.url, id)).problems(id)).toEqual([`retryAfterSeconds: expected ${expected.retryAfterSeconds}, got "${expected.retryAfterSeconds}"`])
  })
})

describe('an adapter that does not hold to the contract', () => {
  const id = 'trn-1-bearer'
  const right = JSON.stringify({ outcome: 'allow', status: 200 })

  it.each<[title: string, status: number, headers: Record<string, string>, body: string, problem: string]>([
    ['status 500', 500, {}, right, 'status 500'],
    ['status 201', 201, {}, right, 'status 201'],
    ['status 204', 204, {}, '', 'status 204'],
    ['HTML', 200, { 'content-type': 'text/html' }, '<!doctype html><title>It works!</title>', 'not JSON'],
    ['an empty body', 200, {}, '', 'not JSON'],
    ['half of the JSON', 200, {}, right.slice(0, -1), 'not JSON'],
    ['two answers', 200, {}, right + right, 'not JSON'],
    ['bytes that are not UTF-8', 200, {}, Buffer.from('{"outcome":"\xff"}', 'latin1') as never, 'not JSON'],
    ['a list', 200, {}, `[${right}]`, 'not a JSON object'],
    ['null', 200, {}, 'null', 'not a JSON object'],
    ['text', 200, {}, '"allow"', 'not a JSON object'],
    ['more than 64 KB', 200, {}, `${right.slice(0, -1)},"x":"${'x'.repeat(65_536)}"}`, 'more than 65536 bytes'],
    ['an object that is nested 33 levels deep', 200, {}, `${right.slice(0, -1)},"x":${'['.repeat(32)}${']'.repeat(32)}}`, 'nested over 32 levels'],
    ['an object that is nested deeper than a stack', 200, {}, `${right.slice(0, -1)},"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 'nested over 32 levels'],
  ])('answers %s', async (_, status, headers, body, problem) => {
    const adapter = await startAdapter((_question, res) => res.writeHead(status, headers).end(body))
    const { code, problems, report } = await reported(adapter.url, id)
    expect(problems(id)).toEqual([`no answer by the contract: ${problem}`])
    expect(code).toBe(1)
    expect(report.cases[0]).not.toHaveProperty('answer')
  })

  it('answers 64 KB, nested 32 levels deep, by the contract', async () => {
    const start = `${right.slice(0, -1)},"y":${'['.repeat(31)}${']'.repeat(31)},"x":"`
    const adapter = await startAdapter((_question, res) => res.writeHead(200).end(`${start}${'x'.repeat(65_536 - start.length - 2)}"}`))
    expect(await reported(adapter.url, id)).toMatchObject({ code: 0 })
  })

  it('redirects: nobody goes there', async () => {
    const elsewhere = await startAdapter(perfect)
    const adapter = await startAdapter((_question, res) => res.writeHead(307, { location: elsewhere.url }).end())
    const { code, problems } = await reported(adapter.url, id)
    expect(problems(id)).toEqual(['no answer by the contract: status 307'])
    expect(code).toBe(1)
    expect(elsewhere.questions).toEqual([])
  })

  it('writes control characters, lone surrogates and markup: no report is broken by them', async () => {
    const nasty = '\u001b[2J\u0000\r\nFAIL forged\u2028\u202e\u009b31m\ud800]]>&<x a="\'">'
    const adapter = await startAdapter(say(() => ({ outcome: 'allow', status: 200, error: nasty })))
    const { code, stdout } = await reported(adapter.url, id)
    expect(code).toBe(1)
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
    expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toHaveLength(1)
    expect(stdout).toContain('\\u001b[2J\\u0000\\r\\nFAIL forged')
  })
})

describe('an adapter that gives no answer', () => {
  it('is not there: the command stops after a few attempts, with exit code 2 and without a report', async () => {
    const closed = await startAdapter(perfect)
    await closed.close()
    const json = freshPath('report.json')
    const { code, stdout, stderr } = await conformance('--url', closed.url, '--json', json)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(new RegExp(`^aap-guard: the adapter cannot be reached: no answer from ${closed.url}: connect ECONNREFUSED .*\n$`))
    expect(() => readFileSync(json)).toThrow('ENOENT')
  })

  it('speaks another protocol', async () => {
    const server = createServer((socket) => { socket.end('SSH-2.0-OpenSSH_9.2\r\n') })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { code, stderr } = await conformance('--url', `http://127.0.0.1:${(server.address() as any).port}/`, '--only', 'TRN-1')
    server.close()
    expect(code).toBe(2)
    expect(stderr).toContain('the adapter cannot be reached')
  })

  /** Of each there is an attempt, but on a machine that stands still it may be over before it has come to the adapter. */
  async function expectThreeQuestions(respond: Parameters<typeof startAdapter>[0]): Promise<void> {
    for (let round = 1; ; round++) {
      const adapter = await startAdapter(respond)
      await expect(conformanceWithin(1_000, ['--url', adapter.url])).rejects.toThrow(`the adapter cannot be reached: no answer from ${adapter.url}: no complete answer within 1000 ms`)
      expect(adapter.questions.length).toBeLessThanOrEqual(3)
      if (adapter.questions.length === 3) return
      expect(round).toBeLessThan(5)
    }
  }

  it('never answers: after a few cases the command stops, and says so', async () => {
    await expectThreeQuestions(() => undefined)
  })

  it('starts to answer and does not end', async () => {
    await expectThreeQuestions((_question, res) => res.writeHead(200).write('{'))
  })

  it('hangs at one case: that fails, and the next are asked', async () => {
    const adapter = await startAdapter((question, res) => (question.id === 'trn-3-largest' ? undefined : say(() => outcome(question.id))(question, res)))
    const { code, report, problems } = await reported(adapter.url, 'transport/size.json', 4_000)
    expect(code).toBe(1)
    expect(report.cases.map((entry: any) => [entry.id, entry.outcome])).toEqual([['trn-3-warned', 'pass'], ['trn-3-largest', 'fail'], ['trn-3-too-large', 'pass']])
    expect(problems('trn-3-largest')).toEqual([`no answer from ${adapter.url}: no complete answer within 4000 ms`])
  })

  it('closes the connection at one case: that fails, and the next are asked', async () => {
    const adapter = await startAdapter((question, res, req) => (question.id === 'trn-3-largest' ? req.socket.destroy() : perfect(question, res)))
    const { code, report } = await reported(adapter.url, 'transport/size.json')
    expect(code).toBe(1)
    expect(report.cases.map((entry: any) => entry.outcome)).toEqual(['pass', 'fail', 'pass'])
  })

  it('dies on the way: what was not asked counts as failed, is summed up in one line, and is written to no list', async () => {
    let asked = 0
    const adapter = await startAdapter((question, res, req) => (++asked > 5 ? req.socket.destroy() : perfect(question, res)))
    const cases = casesOf('TRN-1')
    const { code, stdout, report } = await reported(adapter.url, 'TRN-1')
    expect(code).toBe(1)
    expect(adapter.questions).toHaveLength(8)
    expect(report.cases.map((entry: any) => entry.outcome)).toEqual(cases.map((_, i) => (i < 5 ? 'pass' : 'fail')))
    expect(report.cases.at(-1)!.problems).toEqual(['not asked: the 3 cases before got no answer'])
    expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toHaveLength(3)
    expect(lineOf(stdout, 'STOP')).toBe(`STOP the adapter gave no answer any more: ${cases.length - 8} cases after ${report.cases[7].id} were not asked, and count as failed`)

    asked = 0
    const list = freshPath('expected-failures.txt')
    expect((await conformance('--url', adapter.url, '--write-expected-failures', list)).code).toBe(1)
    expect(() => readFileSync(list)).toThrow('ENOENT')
  })
})
