import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { perfect, startAdapter } from './adapters.js'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const installed = mkdtempSync(join(tmpdir(), 'aap-guard-command-'))
const main = join(installed, 'dist/cli/main.js')

/** The package as it is published, but made of the sources that the other tests run, whatever `dist/` holds. */
beforeAll(async () => {
  const sources = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => join(repository, 'src', name))
  await build({ entryPoints: sources, outdir: join(installed, 'dist'), outbase: join(repository, 'src'), format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' })
  cpSync(join(repository, 'package.json'), join(installed, 'package.json'))
  for (const folder of ['node_modules', 'test-vectors', 'schemas']) symlinkSync(join(repository, folder), join(installed, folder))
})

afterAll(() => { rmSync(installed, { recursive: true, force: true }) })

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], { closeStdout = false } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { cwd: installed, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => { ended[name] += text })
    if (closeStdout) child.stdout.destroy()
    child.on('error', reject).on('close', (code) => { resolve({ code, ...ended }) })
  })
}

describe('the command as a process', () => {
  it('exits with 0 where all pass, and with what it printed complete', async () => {
    const { code, stdout, stderr } = await run(['conformance', '--only', 'transport'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^area +cases +pass +fail\n[^]*\n\d+ vectors: \d+ pass, 0 fail \(aap-guard [^]*\)\n$/)
  })

  it('asks an adapter, and does not wait for the connections it keeps', async () => {
    const adapter = await startAdapter(perfect)
    const { code, stdout } = await run(['conformance', '--url', adapter.url, '--only', 'transport'])
    expect(code).toBe(0)
    expect(stdout).toContain(`${adapter.questions.length} vectors: ${adapter.questions.length} pass`)
  })

  it('exits with 1 where some fail', async () => {
    const adapter = await startAdapter((_question, res) => res.writeHead(500).end('<html>'))
    const { code, stdout, stderr } = await run(['conformance', '--url', adapter.url, '--only', 'transport'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toContain('FAIL trn-1-bearer')
  })

  it.each([
    [['conformance', '--jsn', 'x'], 'unknown flag --jsn, did you mean --json?\nsee aap-guard conformance --help\n'],
    [['conformance', '--vectors', '/nowhere/at/all'], /^cannot read the vectors: .*\n$/],
    [[], 'no command\nsee aap-guard --help\n'],
  ])('exits with 2, says why on standard error, and shows no stack: %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.replace('aap-guard: ', '')).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
    expect(stderr).not.toMatch(/\n {4}at /)
  })

  it('exits with 2 where the adapter is not there', async () => {
    const adapter = await startAdapter(perfect)
    await adapter.close()
    const { code, stdout, stderr } = await run(['conformance', '--url', adapter.url])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('the adapter cannot be reached')
  })

  it('ends as it would, where nobody reads its report any more', async () => {
    const { code, stderr } = await run(['conformance', '--only', 'transport'], { closeStdout: true })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
