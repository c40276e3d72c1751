import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { command, conformance, freshPath } from './running.js'
import { say, startAdapter } from './adapters.js'
import type { CaseResult } from '../../src/cli/conformance/run-cases.js'
import type { ConformanceRun } from '../../src/cli/conformance/conformance-run.js'
import { junitReport } from '../../src/cli/conformance/report-junit.js'
import { parseXml, type XmlElement } from '../support/xml.js'
import { terminalReport } from '../../src/cli/conformance/report-terminal.js'
import { vectorCases } from '../vectors/committed-vectors.js'
import { xmlText } from '../../src/cli/conformance/xml-text.js'

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(readFileSync(new URL('../../schemas/conformance-report.schema.json', import.meta.url), 'utf8')))
const outcome = (id: string) => vectorCases.find((vector) => vector.id === id)!.expect

/** Passes all but two cases, one of which it admits though it has to deny it. */
const almostRight = () => startAdapter(say(({ id }) => {
  if (id === 'trn-3-too-large') return { outcome: 'allow', status: 200 }
  return id === 'trn-3-largest' ? { outcome: 'deny', status: 401, error: 'invalid_token', audit: { rule: 'TRN-3' } } : outcome(id)
}))

async function reports(...args: string[]) {
  const adapter = await almostRight()
  const [json, junit] = [freshPath('report.json'), freshPath('report.xml')]
  const printed = await conformance('--url', adapter.url, '--json', json, '--junit', junit, ...args)
  return { ...printed, url: adapter.url, json: JSON.parse(readFileSync(json, 'utf8')), junit: parseXml(readFileSync(junit, 'utf8')) }
}

/** A run of two cases: the first fails with these texts, the second passes. */
const runWith = (text: string): ConformanceRun => {
  const [first, second] = vectorCases
  const result = (vector: any, problems: string[]): CaseResult => ({
    loaded: { file: 'area/topic.json', vector, explanations: { Flag: text } }, outcome: problems.length === 0 ? 'pass' : 'fail', problems, isAsked: true, isWronglyAdmitted: false, durationMs: 1.5,
  })
  return { implementation: text, startedAt: new Date('2025-01-01T00:00:00Z'), durationMs: 3, results: [result({ ...first, title: text, flags: ['Flag'] }, [text, text]), result(second, [])] }
}

describe('the report for CI systems', () => {
  it('is XML with a suite for each file and a test case for each vector, and agrees with itself', async () => {
    const { code, junit, json, url } = await reports('--only', 'transport,CTX-1')
    expect(code).toBe(1)
    expect(junit.name).toBe('testsuites')
    const cases = junit.children.flatMap((suite) => suite.children.filter(({ name }) => name === 'testcase'))
    const failures = cases.filter(({ children }) => children.some(({ name }) => name === 'failure'))
    expect(cases).toHaveLength(json.summary.cases)
    expect(junit.attributes).toEqual({ name: 'aap-guard conformance', tests: String(cases.length), failures: '2', errors: '0', skipped: '0', time: expect.stringMatching(/^\d+\.\d{3}$/) })
    expect(junit.children.map(({ attributes }) => attributes.name)).toEqual([...new Set(json.cases.map(({ file }: any) => file))].sort())
    for (const suite of junit.children) {
      const own = suite.children.filter(({ name }) => name === 'testcase')
      expect(suite.attributes).toMatchObject({ tests: String(own.length), failures: String(own.filter(({ children }) => children.length > 0).length), time: expect.stringMatching(/^\d+\.\d{3}$/), timestamp: json.startedAt })
      expect(suite.children[0]!.children.map(({ attributes }) => attributes)).toContainEqual({ name: 'implementation', value: url })
      for (const { attributes } of own) expect(attributes).toEqual({ classname: `aap.${suite.attributes.name!.replace('.json', '').replaceAll('/', '.')}`, name: expect.stringMatching(/^[a-z0-9-]+: ./), time: expect.stringMatching(/^\d+\.\d{3}$/) })
    }
    expect(failures.map(({ attributes, children }) => [attributes.name, children[0]!.attributes.type, children[0]!.text])).toEqual([
      ['trn-3-largest: A token of 16,384 bytes', 'TRN-3', expect.stringMatching(/^outcome: expected "allow", got "deny"\nstatus: expected 200, got 401\n/)],
      ['trn-3-too-large: A token of 16,385 bytes', 'TRN-3', 'outcome: expected "deny", got "allow"\nstatus: expected 401, got 200\nerror: expected "invalid_token", got nothing'],
    ])
    expect(failures[1]!.children[0]!.attributes.message).toBe('outcome: expected "deny", got "allow"; status: expected 401, got 200; error: expected "invalid_token", got nothing')
  })

  it('counts expected failures as skipped', () => {
    const run = runWith('not built')
    const { attributes, children: [suite] } = parseXml(junitReport({ ...run, results: run.results.map((result) => (result.outcome === 'fail' ? { ...result, outcome: 'expected-failure' } : result)) }))
    expect(attributes).toMatchObject({ tests: '2', failures: '0', skipped: '1' })
    expect(suite!.attributes).toMatchObject({ tests: '2', failures: '0', skipped: '1' })
    expect(suite!.children[1]!.children).toEqual([{ name: 'skipped', attributes: { message: 'expected failure: not built; not built' }, children: [], text: '' }])
  })

  it.each([
    ['the end of CDATA', ']]>'],
    ['markup', '</failure><x a="b" c=\'d\'>&amp;&#0;<!--'],
    ['controls', Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('') + '\u007f\u0085\u009b'],
    ['lone surrogates', '\ud800 \udfff \udc00\ud800'],
    ['characters that are none', '\ufffe\uffff'],
    ['bidirectional marks', '\u202e\u2066'],
    ['characters beyond U+FFFF', '\u{1f916}\u{10ffff}'],
  ])('is well-formed with %s everywhere, and they can be read', (_, text) => {
    const escaped = xmlText(text)
    const root = parseXml(junitReport(runWith(text)))
    const texts: string[] = []
    const collect = ({ attributes, text: own, children }: XmlElement): void => {
      texts.push(...Object.values(attributes), own)
      children.forEach(collect)
    }
    collect(root)
    const plain = parseXml(`<x>${escaped}</x>`).text
    expect(plain.replace(/\\u[0-9a-f]{4}/g, '')).toBe(text.replace(/[^\u0020-\u007e\u{1f916}\u{10ffff}]/gu, ''))
    // Title, message, body of the failure, implementation.
    expect(texts.filter((each) => each.includes(plain)).length).toBeGreaterThanOrEqual(4)
  })

  it('is read here by a parser that knows what is not XML', () => {
    for (const document of ['<a>', '<a></b>', '<a>]]></a>', '<a>&x;</a>', '<a>&amp</a>', '<a b=1/>', '<a b="<"/>', '<a b="" b=""/>', '<a/><a/>', '<a>\u0001</a>', '<a>\ud800</a>', '<a>\uffff</a>', 'a', '']) {
      expect(() => parseXml(document), JSON.stringify(document)).toThrow()
    }
    expect(parseXml('<?xml version="1.0" encoding="UTF-8"?>\n<a b="&lt;1&apos;"> x <c/>&gt;</a>\n')).toEqual({ name: 'a', attributes: { b: '<1\'' }, children: [{ name: 'c', attributes: {}, children: [], text: '' }], text: ' x >' })
  })
})

const selected = vectorCases.filter(({ verifies }) => verifies.includes('TRN-3')).length

describe('the report as JSON', () => {
  it('has every case with its result, and totals by rule, in the form of its schema', async () => {
    const { json, url } = await reports('--only', 'TRN-3')
    validate(json)
    expect(validate.errors).toBeNull()
    expect(json).toMatchObject({ version: 1, implementation: url, ok: false, summary: { cases: selected, pass: selected - 2, fail: 2, wronglyAdmitted: 1 } })
    expect(json).not.toHaveProperty('expectedFailures')
    expect(json.cases.map(({ id }: any) => id)).toEqual(vectorCases.filter(({ verifies }) => verifies.includes('TRN-3')).map(({ id }) => id))
    expect(json.rules['TRN-3']).toEqual({ cases: selected, pass: selected - 2, fail: 2, 'expected-failure': 0, 'unexpected-pass': 0, wronglyAdmitted: 1 })
    const { id, title, verifies, flags, expect: expected } = vectorCases.find((vector) => vector.id === 'trn-3-too-large')!
    expect(json.cases.find((entry: any) => entry.id === id)).toEqual({
      id, title, verifies, flags, expected, file: 'transport/size.json', outcome: 'fail', durationSeconds: expect.any(Number), answer: { outcome: 'allow', status: 200 },
      problems: ['outcome: expected "deny", got "allow"', 'status: expected 401, got 200', 'error: expected "invalid_token", got nothing'],
    })
  })

  it('of this library names its version, and counts a case for each rule that it verifies', async () => {
    const path = freshPath('report.json')
    expect((await conformance('--only', 'order', '--json', path)).code).toBe(0)
    const json = JSON.parse(readFileSync(path, 'utf8'))
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(validate(json)).toBe(true)
    expect(json).toMatchObject({ implementation: `aap-guard ${version}`, ok: true })
    const counted: Record<string, number> = {}
    for (const { verifies } of json.cases) for (const rule of verifies) counted[rule] = (counted[rule] ?? 0) + 1
    expect(Object.fromEntries(Object.entries(json.rules).map(([rule, tally]: any) => [rule, tally.pass]))).toEqual(counted)
  })
})

describe('the report on a terminal', () => {
  it('shows what was expected and what was got, why the case is there, tables, and one line at the end', async () => {
    const { stdout, stderr, url } = await reports('--only', 'transport,CTX-1')
    const lines = stdout.split('\n')
    const start = lines.indexOf('FAIL trn-3-too-large (transport/size.json; TRN-3; Boundary): A token of 16,385 bytes')
    expect(lines.slice(start + 1, start + 6)).toEqual([
      '     outcome: expected "deny", got "allow"',
      '     status: expected 401, got 200',
      '     error: expected "invalid_token", got nothing',
      '     admitted, and has to be denied',
      '',
    ])
    expect(lines.filter((line) => line.startsWith('Boundary (2): '))).toHaveLength(1)
    expect(lines).toContainEqual(expect.stringMatching(/^area +cases +pass +fail$/))
    expect(lines).toContainEqual(expect.stringMatching(/^transport +23 +21 +2$/))
    expect(lines).toContainEqual(expect.stringMatching(/^rule that fails +cases +pass +fail$/))
    expect(lines).toContainEqual(expect.stringMatching(/^TRN-3 +3 +1 +2$/))
    expect(lines.filter((line) => /^(?:TRN-1|CTX-1) /.test(line))).toEqual([])
    expect(lines.at(-2)).toMatch(new RegExp(`^\\d+ vectors: \\d+ pass, 2 fail, 1 of the failing admit what has to be denied \\(${url}, \\d+\\.\\d s\\)$`))
    expect(stderr).toBe('')
  })

  it.each([
    ['a terminal', { isTTY: true }, true],
    ['a terminal with an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['a terminal with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
    ['a pipe', { isTTY: false }, false],
  ])('on %s has escape sequences: %s', async (_, surroundings, hasColours) => {
    const { code, stdout, stderr } = await command(['conformance', '--only', 'TRN-3'], surroundings)
    expect(code).toBe(0)
    expect(stdout.includes(`\u001b[32m${selected} vectors: ${selected} pass, 0 fail`)).toBe(hasColours)
    expect(stdout.includes('\u001b')).toBe(hasColours)
    expect(stderr).not.toContain('\u001b')
  })

  it('escapes what titles, flags and the name of the implementation hold', () => {
    const report = terminalReport(runWith('\u001b[2J\r\u202e'), { hasColours: false })
    expect(report).toContain('\\u001b[2J\\u000d\\u202e')
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(report).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })
})

describe('files that cannot be written', () => {
  it.each(['--json', '--junit', '--write-expected-failures'])('%s: nothing runs', async (flag) => {
    const adapter = await almostRight()
    const path = `${freshPath('nowhere')}/report`
    const { code, stdout, stderr } = await conformance('--url', adapter.url, flag, path)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(`aap-guard: cannot write ${path}: ENOENT: no such file or directory, open '${path}'\n`)
    expect(adapter.questions).toEqual([])
  })

  it('leave none behind that was opened before them', async () => {
    const json = freshPath('report.json')
    expect((await conformance('--json', json, '--junit', `${freshPath('nowhere')}/report`)).code).toBe(2)
    expect((await conformance('--junit', json, '--json', `${freshPath('nowhere')}/report`)).code).toBe(2)
    expect(() => readFileSync(json)).toThrow('ENOENT')
  })
})
