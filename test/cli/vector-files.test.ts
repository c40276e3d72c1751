import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { conformance, freshPath } from './running.js'
import { readJson, vectorCases, vectorFiles } from '../vectors/committed-vectors.js'

const [bearer] = vectorCases.filter(({ id }) => id === 'trn-1-bearer')
const keys = { 'keys/issuer.json': readJson('keys/issuer.json') }
const file = (...cases: object[]) => ({ description: 'One case', flags: {}, cases })

/** A folder with these files; text is written as it is. */
function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = freshPath('vectors')
  mkdirSync(folder)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

describe('--vectors', () => {
  it('runs the cases of another folder, in the order of its files, whatever else is in it', async () => {
    const folder = folderOf({ ...keys, 'README.md': '#', 'b/one.json': file({ ...bearer, id: 'one' }), 'a.json': file({ ...bearer, id: 'two', title: 'Wrong', expect: { outcome: 'allow', status: 200, audit: { action: 'other' } } }) })
    const { code, stdout } = await conformance('--vectors', folder)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^FAIL two \(a\.json; TRN-1\): Wrong\n {5}audit\.action: expected "other", got "search\.web"\n\narea +cases +pass +fail\na\.json +1 +0 +1\nb +1 +1 +0\n/)
  })

  it('takes key sets that stand in the case itself', async () => {
    const folder = folderOf({ 'a.json': file({ ...bearer, server: { ...bearer!.server, jwks: keys['keys/issuer.json'] } }) })
    expect((await conformance('--vectors', folder)).code).toBe(0)
  })

  it.each<[what: string, files: Readonly<Record<string, unknown>>, message: string]>([
    ['no file', { 'README.md': '#' }, 'no test vectors in '],
    ['only keys', keys, 'no test vectors in '],
    ['no JSON', { 'a.json': '{' }, 'cannot read a.json: '],
    ['something else', { 'a.json': { name: 'package' } }, 'a.json is no file of test vectors: must have required property \'description\''],
    ['null', { 'a.json': 'null' }, 'a.json is no file of test vectors: must be object'],
    ['no cases', { 'a.json': file() }, 'a.json is no file of test vectors: /cases must NOT have fewer than 1 items'],
    ['a case without an expectation', { ...keys, 'a/b.json': file(bearer!, { ...bearer, id: 'two', expect: undefined }) }, 'a/b.json is no file of test vectors: /cases/1 must have required property \'expect\''],
    ['a member that is not known', { 'a.json': file({ ...bearer, priors: [] }) }, 'a.json is no file of test vectors: /cases/0 must NOT have additional properties (priors)'],
    ['a denial without its rule', { 'a.json': file({ ...bearer, expect: { outcome: 'deny', status: 401 } }) }, 'a.json is no file of test vectors: /cases/0/expect must have required property \'audit\''],
    ['keys outside of the folder', { 'a.json': file({ ...bearer, server: { ...bearer!.server, jwks: 'keys/../../issuer.json' } }) }, 'a.json is no file of test vectors: /cases/0/server/jwks must match pattern'],
    ['keys that are not there', { 'a.json': file(bearer!) }, 'cannot read keys/issuer.json: ENOENT'],
    ['one id twice in a file', { ...keys, 'a.json': file(bearer!, bearer!) }, 'trn-1-bearer stands in a.json and in a.json: ids have to be unique'],
    ['one id in two files', { ...keys, 'a.json': file(bearer!), 'b.json': file(bearer!) }, 'trn-1-bearer stands in a.json and in b.json: ids have to be unique'],
  ])('with %s is refused, by name', async (_, files, message) => {
    const { code, stdout, stderr } = await conformance('--vectors', folderOf(files))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`aap-guard: ${message}`)
    expect(stderr.split('\n')).toHaveLength(2)
  })

  it('that is not there is refused', async () => {
    const { code, stderr } = await conformance('--vectors', freshPath('nowhere'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^aap-guard: cannot read the vectors: ENOENT/)
  })

  it.each<[what: string, changes: object, problem: string]>([
    ['a certificate that is none', { request: { ...bearer!.request, clientCertificatePem: '-----BEGIN CERTIFICATE-----' } }, 'clientCertificatePem is no certificate in PEM'],
    ['a base URL that cannot be one', { server: { ...bearer!.server, baseUrl: 'api.example.com' } }, 'option `baseUrl` must be an https URL'],
    ['a proxy that is everyone', { server: { ...bearer!.server, trustedProxies: ['0.0.0.0/0'] } }, 'option `trustedProxies`'],
  ])('a case with %s fails and is not run without it', async (_, changes, problem) => {
    const { code, stdout } = await conformance('--vectors', folderOf({ ...keys, 'a.json': file({ ...bearer, ...changes }) }))
    expect(code).toBe(1)
    expect(stdout).toContain(`\n     ${problem}`)
    expect(stdout).toMatch(/^FAIL trn-1-bearer /)
  })

  it('holds nothing that its schema does not describe', () => {
    expect([...vectorFiles.values()].flatMap(({ cases }) => cases).length).toBe(vectorCases.length)
  })
})
