import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { closest } from '../../decision/did-you-mean.js'
import { wrongUsage } from '../cannot-run.js'

/** What `aap-guard conformance` was asked for. */
export interface ConformanceOptions {
  /** Folder of the vectors. Default: those of the package. */
  readonly vectors?: string
  /** The adapter endpoint. Default: this library answers itself. */
  readonly url?: string
  /** Rules, flags, areas, files and case ids; a case is selected by any of them. Empty: all cases. */
  readonly only: readonly string[]
  readonly junit?: string
  readonly json?: string
  readonly expectedFailures?: string
  readonly writeExpectedFailures?: string
}

export const conformanceUsage = `aap-guard conformance [flags]

Runs the signed test vectors against this library, or against the adapter
endpoint of any other implementation.

  --url URL              the adapter endpoint, http or https
  --vectors DIR          other vectors than those of the package
  --only WHAT[,WHAT...]  only the cases of a rule (CON-2), a flag, an area
                         (transport), a file, or with an id; may be repeated
  --expected-failures FILE
                         ids of the cases that have to fail, one a line, with #
                         for comments: one that passes, that no vector has, or
                         that stands there twice is a failure
  --write-expected-failures FILE
                         writes the cases that fail into such a file
  --junit FILE           writes a report as JUnit XML
  --json FILE            writes a report as JSON
  --help                 this text

Exit code: 0 all as expected, 1 some not, 2 wrong usage, unreadable files or an
adapter that cannot be reached.

The contract of the adapter and the format of the files are explained in
test-vectors/README.md of the package.
`

const flags = {
  url: { type: 'string', value: 'URL' },
  vectors: { type: 'string', value: 'DIR' },
  only: { type: 'string', value: 'WHAT', multiple: true },
  'expected-failures': { type: 'string', value: 'FILE' },
  'write-expected-failures': { type: 'string', value: 'FILE' },
  junit: { type: 'string', value: 'FILE' },
  json: { type: 'string', value: 'FILE' },
  help: { type: 'boolean', short: 'h' },
} as const

type Flag = keyof typeof flags

/** Reads the flags, or says that help was asked for. @throws CannotRun on wrong usage, naming the flag */
export function parseOptions(args: readonly string[]): ConformanceOptions | 'help' {
  // Not strict, because the messages of the strict parser explain its own syntax and name no flag that was meant.
  const { tokens } = parseArgs({ args: [...args], options: flags, strict: false, tokens: true, allowPositionals: true })
  const given = new Map<Flag, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw wrongUsage(`unexpected argument ${JSON.stringify(token.value)}`)
    if (token.kind === 'option-terminator') continue
    const name = flagOf(token.name, token.rawName)
    given.set(name, [...(given.get(name) ?? []), valueOf(name, token)])
  }
  if (given.has('help')) return 'help'

  const one = (name: Flag): string | undefined => {
    const values = given.get(name) ?? []
    if (values.length > 1) throw wrongUsage(`--${name} is given ${values.length} times`)
    return values[0]
  }
  const options = {
    vectors: one('vectors'), url: adapterUrl(one('url')), junit: one('junit'), json: one('json'),
    expectedFailures: one('expected-failures'), writeExpectedFailures: one('write-expected-failures'),
  }
  const only = (given.get('only') ?? []).flatMap((list) => list.split(',')).map((what) => what.trim()).filter((what) => what !== '')
  if (given.has('only') && only.length === 0) throw wrongUsage('--only selects nothing')
  checkTogether(options, only)
  return { ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)), only }
}

function flagOf(name: string, rawName: string): Flag {
  if (Object.hasOwn(flags, name)) return name as Flag
  const meant = closest(name, Object.keys(flags))
  throw wrongUsage(`unknown flag ${rawName}${meant === undefined ? '' : `, did you mean --${meant}?`}`)
}

function valueOf(name: Flag, { value, inlineValue }: { readonly value?: string | undefined; readonly inlineValue?: boolean | undefined }): string {
  const flag = flags[name]
  if (flag.type === 'boolean') {
    if (value !== undefined) throw wrongUsage(`--${name} takes no value`)
    return ''
  }
  // `--junit --json a.json` has forgotten a name; a name that begins with a dash is written `--junit=-name`.
  if (value === undefined || value === '' || (inlineValue !== true && value.startsWith('-'))) throw wrongUsage(`--${name} needs a value: --${name} ${flag.value}`)
  return value
}

function adapterUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw wrongUsage(`--url has to be an http or https URL, not ${JSON.stringify(text)}`)
  if (url.username !== '' || url.password !== '') throw wrongUsage('--url cannot have credentials')
  return url.href
}

type FileOptions = Pick<ConformanceOptions, 'junit' | 'json' | 'expectedFailures' | 'writeExpectedFailures'>

function checkTogether({ junit, json, expectedFailures, writeExpectedFailures }: { readonly [Name in keyof FileOptions]: string | undefined }, only: readonly string[]): void {
  if (writeExpectedFailures !== undefined && expectedFailures !== undefined) throw wrongUsage('--expected-failures and --write-expected-failures exclude each other: what is written is not compared')
  if (writeExpectedFailures !== undefined && only.length > 0) throw wrongUsage('--write-expected-failures needs all cases, without --only: the others would be lost from the list')
  const files = [junit, json, expectedFailures, writeExpectedFailures].filter((path) => path !== undefined).map((path) => resolve(path))
  if (new Set(files).size < files.length) throw wrongUsage('two of the files are the same')
}
