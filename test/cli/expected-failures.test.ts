import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { conformance, freshPath, vectorsOf } from './running.js'
import { say, startAdapter } from './adapters.js'
import { vectorCases } from '../vectors/committed-vectors.js'

const outcome = (id: string) => vectorCases.find((vector) => vector.id === id)!.expect

/** Fails these cases, and passes every other. */
const failing = (...ids: string[]) => startAdapter(say(({ id }) => (ids.includes(id) ? { outcome: 'deny', status: 500 } : outcome(id))))

const listOf = (...lines: string[]) => {
  const path = freshPath('expected-failures.txt')
  writeFileSync(path, lines.join('\n'))
  return path
}

/** The cases of one file, against a list. */
async function compared(url: string, list: string, ...more: string[]) {
  const [json, junit] = [freshPath('report.json'), freshPath('report.xml')]
  const printed = await conformance('--url', url, '--expected-failures', list, '--only', 'TRN-3', '--json', json, '--junit', junit, ...more)
  const report = JSON.parse(readFileSync(json, 'utf8'))
  return { ...printed, report, junit: readFileSync(junit, 'utf8'), outcomes: Object.fromEntries(report.cases.map((entry: any) => [entry.id, entry.outcome])) }
}

const selected = vectorCases.filter(({ verifies }) => verifies.includes('TRN-3')).length

describe('a list of expected failures', () => {
  it('that matches is fine, with comments, blank lines, white space and any order', async () => {
    const { url } = await failing('trn-3-warned', 'trn-3-largest')
    const list = listOf('# what is missing', '', '  trn-3-largest  # not yet\r', '\t', 'trn-3-warned#', '#trn-3-too-large')
    const { code, stdout, report, outcomes } = await compared(url, list)
    expect(code).toBe(0)
    expect(outcomes).toMatchObject({ 'trn-3-warned': 'expected-failure', 'trn-3-largest': 'expected-failure', 'trn-3-too-large': 'pass' })
    expect(report).toMatchObject({ ok: true, expectedFailures: { unknown: [], duplicate: [] } })
    expect(stdout).not.toContain('FAIL')
    expect(stdout).toMatch(new RegExp(`^${selected} vectors: ${selected - 2} pass, 0 fail, 2 fail as expected, 0 pass unexpectedly \\(`, 'm'))
  })

  it('does not excuse a case that is not on it', async () => {
    const { url } = await failing('trn-3-warned', 'trn-3-largest')
    const { code, stdout, outcomes } = await compared(url, listOf('trn-3-largest'))
    expect(code).toBe(1)
    expect(outcomes).toMatchObject({ 'trn-3-warned': 'fail', 'trn-3-largest': 'expected-failure' })
    expect(stdout).toContain('FAIL trn-3-warned')
    expect(stdout).not.toContain('FAIL trn-3-largest')
  })

  it('fails by a case that passes, and names it', async () => {
    const { url } = await failing('trn-3-largest')
    const { code, stdout, report, outcomes, junit } = await compared(url, listOf('trn-3-largest', 'trn-3-warned'))
    expect(code).toBe(1)
    expect(outcomes).toMatchObject({ 'trn-3-warned': 'unexpected-pass', 'trn-3-largest': 'expected-failure' })
    expect(report.ok).toBe(false)
    expect(stdout).toMatch(/^FAIL trn-3-warned .*\n {5}it passes, and is listed as an expected failure: take it off the list$/m)
    expect(junit).toMatch(/<failure[^>]*message="it passes, and is listed/)
  })

  it('fails by an id that no vector has, and names the one that was probably meant', async () => {
    const { url } = await failing()
    const { code, stdout, report, junit } = await compared(url, listOf('trn-3-to-large', 'zzzzzzzzzzzzzzzzzz'))
    expect(code).toBe(1)
    expect(report.expectedFailures).toEqual({ unknown: ['trn-3-to-large', 'zzzzzzzzzzzzzzzzzz'], duplicate: [] })
    expect(report).toMatchObject({ ok: false, summary: { fail: 0, 'unexpected-pass': 0 } })
    expect(stdout).toContain('LIST trn-3-to-large: listed as an expected failure, and no vector has this id; did you mean trn-3-too-large?')
    expect(stdout).toMatch(/^LIST z+: listed as an expected failure, and no vector has this id$/m)
    expect(stdout).toMatch(/, 2 wrong in the list of expected failures \(/)
    expect(junit).toMatch(/<testcase classname="aap.expected-failures" name="trn-3-to-large"[^>]*><failure/)
  })

  it('fails by an id that is listed twice, and names it once', async () => {
    const { url } = await failing('trn-3-largest')
    const { code, stdout, report } = await compared(url, listOf('trn-3-largest', 'trn-3-largest', 'trn-3-largest'))
    expect(code).toBe(1)
    expect(report.expectedFailures).toEqual({ unknown: [], duplicate: ['trn-3-largest'] })
    expect(stdout).toContain('LIST trn-3-largest: listed as an expected failure more than once')
  })

  it('is checked as a whole where only some cases are selected, and those that are not are neither passes nor failures', async () => {
    const { url } = await failing('trn-3-largest')
    const others = await compared(url, listOf('trn-3-largest', 'con-2-exact'))
    expect(others.code).toBe(0)
    expect(others.report.summary.cases).toBe(selected)
    const wrong = await compared(url, listOf('trn-3-largest', 'con-2-exact', 'con-2-exact', 'con-2-nowhere'))
    expect(wrong.code).toBe(1)
    expect(wrong.report.expectedFailures).toEqual({ unknown: ['con-2-nowhere'], duplicate: ['con-2-exact'] })
  })

  it('does not excuse a case that was not asked', async () => {
    let asked = 0
    const adapter = await startAdapter((question, res, req) => (++asked > 1 ? req.socket.destroy() : say(() => outcome(question.id))(question, res)))
    const ids = vectorCases.filter(({ verifies }) => verifies.includes('TRN-1')).map(({ id }) => id)
    const json = freshPath('report.json')
    const { code } = await conformance('--url', adapter.url, '--only', 'TRN-1', '--json', json, '--expected-failures', listOf(...ids.slice(1)))
    expect(code).toBe(1)
    expect(JSON.parse(readFileSync(json, 'utf8')).cases.map((entry: any) => entry.outcome)).toEqual(ids.map((_, i) => (i === 0 ? 'pass' : i <= 3 ? 'expected-failure' : 'fail')))
  })

  it.each([
    ['two ids on a line', 'trn-3-largest trn-3-warned'],
    ['upper case', 'TRN-3'],
    ['a path', 'transport/size.json'],
    ['another list format', '- trn-3-largest'],
    ['a control character', 'trn-3-\u001b[31mlargest'],
  ])('that is malformed (%s) runs nothing, and names the line', async (_, line) => {
    const adapter = await failing()
    const list = listOf('# first', line)
    const { code, stdout, stderr } = await conformance('--url', adapter.url, '--expected-failures', list)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`${list}:2 is no case id: `)
    expect(stderr).not.toContain('\u001b')
    expect(adapter.questions).toEqual([])
  })

  it('that is not there runs nothing', async () => {
    const { code, stderr } = await conformance('--expected-failures', freshPath('nowhere.txt'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^aap-guard: cannot read the expected failures: ENOENT/)
  })
})

describe('--write-expected-failures', () => {
  const most = vectorCases.filter(({ id, verifies }) => verifies.includes('TRN-1') || id === 'trn-3-warned').map(({ id }) => id)
  const vectors = vectorsOf('transport')

  it('writes a list that the same adapter matches exactly, by file and in the order of the vectors', async () => {
    const { url } = await failing(...most)
    const [list, json] = [freshPath('expected-failures.txt'), freshPath('report.json')]
    const written = await conformance('--url', url, '--vectors', vectors, '--write-expected-failures', list, '--json', json)
    expect(written.code).toBe(0)
    expect(written.stdout).not.toContain('FAIL')
    const ids = JSON.parse(readFileSync(json, 'utf8')).cases.map(({ id }: any) => id).filter((id: string) => most.includes(id))
    expect(written.stdout).toContain(`0 fail, ${ids.length} fail as expected, 0 pass unexpectedly`)
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ ok: true, summary: { fail: 0, 'expected-failure': ids.length } })

    const lines = readFileSync(list, 'utf8').split('\n')
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual(ids)
    expect(lines.filter((line) => line.startsWith('# t'))).toEqual(['# transport/authorization.json', '# transport/credentials.json', '# transport/size.json'])
    expect((await conformance('--url', url, '--vectors', vectors, '--expected-failures', list)).code).toBe(0)

    const { url: better } = await failing(...ids.slice(1))
    expect((await conformance('--url', better, '--vectors', vectors, '--expected-failures', list)).code).toBe(1)
  })

  it('replaces what the list said before, and keeps it where nothing answers', async () => {
    const adapter = await failing('trn-3-largest')
    const list = listOf('# mine', 'trn-3-warned')
    await adapter.close()
    expect((await conformance('--url', adapter.url, '--vectors', vectors, '--write-expected-failures', list)).code).toBe(2)
    expect(readFileSync(list, 'utf8')).toBe('# mine\ntrn-3-warned')

    const { url } = await failing('trn-3-largest')
    expect((await conformance('--url', url, '--vectors', vectors, '--write-expected-failures', list)).code).toBe(0)
    expect(readFileSync(list, 'utf8')).toBe('# Written by aap-guard conformance --write-expected-failures: the cases that fail.\n\n# transport/size.json\ntrn-3-largest\n')
  })
})
