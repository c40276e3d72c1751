import { readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/** The house: an import goes to its own floor or a lower one. */
const floors = [
  ['model'],
  ['matching', 'schema', 'constraints', 'claims', 'checks'],
  ['token', 'state', 'audit'],
  ['decision', 'guard'],
  ['http', 'cli', 'testing'],
]

interface Import {
  readonly from: string
  /** A file of `src`, or the name of a package. */
  readonly to: string
  /** Whether it is gone once TypeScript has compiled the file. */
  readonly isTypeOnly: boolean
}

const source = new URL('../../src/', import.meta.url)
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.ts')).sort()
const imports = files.flatMap(importsOf)

function importsOf(from: string): Import[] {
  const file = ts.createSourceFile(from, readFileSync(new URL(from, source), 'utf8'), ts.ScriptTarget.Latest, true)
  const found: Import[] = []
  const note = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const { text } = specifier
    found.push({ from, to: text.startsWith('.') ? posix.join(posix.dirname(from), text).replace(/\.js$/, '.ts') : text, isTypeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, isTypeOnlyImport(node.importClause))
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, node.isTypeOnly || (node.exportClause !== undefined && ts.isNamedExports(node.exportClause) && node.exportClause.elements.every((element) => element.isTypeOnly)))
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) note(node.arguments[0], false)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal, true)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  return clause.name === undefined && clause.namedBindings !== undefined && ts.isNamedImports(clause.namedBindings) && clause.namedBindings.elements.every((element) => element.isTypeOnly)
}

const roomOf = (file: string): string => file.split('/')[0] ?? ''
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)))
const inside = imports.filter(({ to }) => to.endsWith('.ts'))

describe('folders are floors', () => {
  it('every file stands in a room of the house; only the public surface stands before the door', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(files.filter((file) => floorOf(file) < 0)).toEqual(['index.ts'])
  })

  it('every import inside the house leads to a file that is there', () => {
    expect(inside.filter(({ to }) => !files.includes(to))).toEqual([])
  })

  it('an import goes to its own floor or a lower one, never up', () => {
    const up = inside.filter(({ from, to }) => from !== 'index.ts' && floorOf(to) > floorOf(from))
    expect(up.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('nothing in the house imports its public surface', () => {
    expect(inside.filter(({ to }) => to === 'index.ts').map(({ from }) => from)).toEqual([])
  })

  it('the words have no logic to import: the ground floor stands on nothing', () => {
    expect(inside.filter(({ from, to }) => roomOf(from) === 'model' && roomOf(to) !== 'model')).toEqual([])
    // The types of Node are words, too.
    expect(imports.filter(({ from, to, isTypeOnly }) => roomOf(from) === 'model' && !to.endsWith('.ts') && !(isTypeOnly && to.startsWith('node:')))).toEqual([])
  })
})

it('no file imports itself by way of others', () => {
  const next = new Map(files.map((file) => [file, inside.filter(({ from, isTypeOnly }) => from === file && !isTypeOnly).map(({ to }) => to)]))
  const finished = new Set<string>()
  const cycles: string[] = []
  const follow = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start >= 0) cycles.push([...path.slice(start), file].join(' > '))
    if (start >= 0 || finished.has(file)) return
    for (const to of next.get(file) ?? []) follow(to, [...path, file])
    finished.add(file)
  }
  for (const file of files) follow(file, [])
  expect(cycles).toEqual([])
})

describe('packages', () => {
  const packages = imports.filter(({ to }) => !to.endsWith('.ts') && !to.startsWith('node:'))

  it('one file verifies signatures, and only the issuer for tests makes them', () => {
    expect([...new Set(packages.filter(({ to }) => to === 'jose' || to.startsWith('jose/')).map(({ from }) => roomOf(from)))]).toEqual(['testing'])
    const verifying = files.filter((name) => /\b(?:verify|sign|createVerify|createSign)\b[^\n]*from 'node:crypto'|\bsubtle\b/.test(readFileSync(new URL(name, source), 'utf8')))
    expect(verifying).toEqual(['token/jws-signature.ts'])
  })

  it('floors without I/O touch no network, no file and no process', () => {
    const modules = imports.filter(({ from, to }) => floorOf(from) <= 1 && to.startsWith('node:')).map(({ to }) => to)
    // Hashes and the syntax of addresses are arithmetic.
    expect(modules.filter((name) => name !== 'node:crypto' && name !== 'node:net')).toEqual([])
  })

  it('what a user has to install is what is declared', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', source), 'utf8')) as { dependencies: object; peerDependencies: object }
    const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
    expect(packages.filter(({ to, isTypeOnly }) => !isTypeOnly && !declared.some((name) => to === name || to.startsWith(`${name}/`)))).toEqual([])
  })
})

describe('names', () => {
  it('nothing is called utils, helpers, common, types, misc or shared', () => {
    const parts = files.flatMap((file) => file.replace(/\.ts$/, '').split('/'))
    expect(parts.filter((part) => /^(?:utils?|helpers?|common|types?|misc|shared)$/.test(part) || /-(?:utils?|helpers?)$/.test(part))).toEqual([])
  })

  it('files and folders are kebab-case', () => {
    expect(files.filter((file) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(file))).toEqual([])
  })

  it('no barrel but the public surfaces, and none that exports everything', () => {
    expect(files.filter((file) => file.endsWith('index.ts'))).toEqual(['index.ts', 'testing/index.ts'])
    expect(files.filter((file) => /^export \*/m.test(readFileSync(new URL(file, source), 'utf8')))).toEqual([])
  })
})
