import { describe, expect, it } from 'vitest'
import { command, conformance } from './running.js'
import { startAdapter } from './adapters.js'
import { vectorCases } from '../vectors/committed-vectors.js'

const ids = (stdout: string) => stdout.split('\n').at(-2)!

describe('aap-guard', () => {
  it.each([[['--help']], [['-h']]])('%s prints the commands', async (args) => {
    const { code, stdout, stderr } = await command(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^aap-guard <command>\n[^]* conformance /)
  })

  it('--version prints the version', async () => {
    expect(await command(['--version'])).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  })

  it.each<[args: string[], message: string]>([
    [[], 'no command'],
    [['conformnce'], 'unknown command "conformnce", did you mean conformance?'],
    [['frobnicate'], 'unknown command "frobnicate"'],
    [['--versoin'], 'unknown command "--versoin", did you mean --version?'],
    [['\u001b[2J'], 'unknown command "\\u001b[2J"'],
  ])('%j is wrong usage', async (args, message) => {
    expect(await command(args)).toEqual({ code: 2, stdout: '', stderr: `aap-guard: ${message}\nsee aap-guard --help\n` })
  })
})

describe('aap-guard conformance', () => {
  it.each([[['--help']], [['-h']], [['--url', 'http://127.0.0.1:9/', '--help']]])('%j prints the usage and runs nothing', async (args) => {
    const { code, stdout, stderr } = await conformance(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const flag of ['--url', '--vectors', '--only', '--expected-failures', '--write-expected-failures', '--junit', '--json']) expect(stdout).toContain(`  ${flag} `)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it.each<[args: string[], message: string]>([
    [['--vektors', 'x'], 'unknown flag --vektors, did you mean --vectors?'],
    [['--expected-failure', 'x'], 'unknown flag --expected-failure, did you mean --expected-failures?'],
    [['--junt=x'], 'unknown flag --junt, did you mean --junit?'],
    [['--frobnicate'], 'unknown flag --frobnicate'],
    [['-x'], 'unknown flag -x'],
    [['--constructor', 'x'], 'unknown flag --constructor'],
    [['--__proto__=x'], 'unknown flag --__proto__'],
    [['vectors'], 'unexpected argument "vectors"'],
    [['--', '--json'], 'unexpected argument "--json"'],
    [['--junit'], '--junit needs a value: --junit FILE'],
    [['--junit='], '--junit needs a value: --junit FILE'],
    [['--junit', '--json', 'x'], '--junit needs a value: --junit FILE'],
    [['--url'], '--url needs a value: --url URL'],
    [['--help=yes'], '--help takes no value'],
    [['--url', 'http://a/', '--url', 'http://b/'], '--url is given 2 times'],
    [['--json', 'a', '--json', 'a'], '--json is given 2 times'],
    [['--url', 'localhost'], '--url has to be an http or https URL, not "localhost"'],
    [['--url', 'localhost:8080/x'], '--url has to be an http or https URL, not "localhost:8080/x"'],
    [['--url', 'file:///etc/passwd'], '--url has to be an http or https URL, not "file:///etc/passwd"'],
    [['--url', 'data:application/json,{}'], '--url has to be an http or https URL, not "data:application/json,{}"'],
    [['--url', 'http://user:secret@127.0.0.1/'], '--url cannot have credentials'],
    [['--only', ','], '--only selects nothing'],
    [['--only', 'TRN-11'], '--only TRN-11 names no case, did you mean TRN-1?'],
    [['--only', 'trn-1-bearer,other-issuer-of-nobody'], '--only other-issuer-of-nobody names no case'],
    [['--json', 'a', '--junit', './a'], 'two of the files are the same'],
    [['--json', 'a', '--expected-failures', 'a'], 'two of the files are the same'],
    [['--expected-failures', 'a', '--write-expected-failures', 'b'], '--expected-failures and --write-expected-failures exclude each other: what is written is not compared'],
    [['--write-expected-failures', 'a', '--only', 'TRN-1'], '--write-expected-failures needs all cases, without --only: the others would be lost from the list'],
  ])('%j is wrong usage', async (args, message) => {
    expect(await conformance(...args)).toEqual({ code: 2, stdout: '', stderr: `aap-guard: ${message}\nsee aap-guard conformance --help\n` })
  })

  it.each<[what: string, args: string[], selected: (vector: (typeof vectorCases)[number]) => boolean]>([
    ['a rule', ['--only', 'TSK-2'], ({ verifies }) => verifies.includes('TSK-2')],
    ['a flag', ['--only', 'PsychicSignature'], ({ flags }) => flags.includes('PsychicSignature')],
    ['an id', ['--only', 'trn-1-bearer'], ({ id }) => id === 'trn-1-bearer'],
    ['several, by commas and by repetition', ['--only', 'TSK-2, trn-1-bearer', '--only=TSK-3'], ({ id, verifies }) => id === 'trn-1-bearer' || verifies.includes('TSK-2') || verifies.includes('TSK-3')],
  ])('--only selects by %s', async (_, args, selected) => {
    const asked: string[] = []
    const adapter = await startAdapter(({ id }, res) => {
      asked.push(id)
      res.writeHead(500).end()
    })
    const wanted = vectorCases.filter(selected).map(({ id }) => id)
    expect(wanted.length).toBeGreaterThan(0)
    const { stdout } = await conformance('--url', adapter.url, ...args)
    expect(asked).toEqual(wanted)
    expect(ids(stdout)).toMatch(new RegExp(`^${wanted.length} vectors: 0 pass, ${wanted.length} fail`))
  })

  it('runs the vectors of the package against this library, without a word to its operator', async () => {
    const wanted = vectorCases.filter(({ verifies }) => verifies.includes('CAP-6') || verifies.includes('TRN-3'))
    const { code, stdout, stderr } = await conformance('--only', 'CAP-6,TRN-3')
    expect(stdout).toMatch(new RegExp(`\n${wanted.length} vectors: ${wanted.length} pass, 0 fail \\(aap-guard \\d+\\.\\d+\\.\\d+, `))
    expect(stdout).not.toContain('FAIL')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
