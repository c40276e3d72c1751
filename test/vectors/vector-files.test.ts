import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/model/error-codes.js'
import { readJson, vectorCases, vectorFiles } from './committed-vectors.js'

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => JSON.parse(readFileSync(repository(path), 'utf8'))

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(read('schemas/test-vector.schema.json'))

describe.each([...vectorFiles])('%s', (_, file) => {
  it('validates against the schema, which refuses unknown members', () => {
    validate(file)
    expect(validate.errors).toBeNull()
    expect(validate({ ...file, extra: 1 })).toBe(false)
    expect(validate({ ...file, cases: file.cases.map((vector) => ({ ...vector, extra: 1 })) })).toBe(false)
  })

  it('explains the flags of its cases, and no others', () => {
    expect(Object.keys(file.flags).sort()).toEqual([...new Set(file.cases.flatMap(({ flags }) => flags))].sort())
  })
})

describe('the vectors together', () => {
  it('have unique ids', () => {
    const ids = vectorCases.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  it('have different titles within a file', () => {
    for (const [path, { cases }] of vectorFiles) expect(new Set(cases.map(({ title }) => title)).size, path).toBe(cases.length)
  })

  it('expect only statuses and errors that belong together', () => {
    const known = new Set(Object.values(errorCodes).map(({ status, error }) => `${status} ${error ?? ''}`))
    for (const { id, expect: expected } of vectorCases) {
      if (expected.outcome === 'deny') expect(known, id).toContain(`${expected.status} ${expected.error ?? ''}`)
      else expect(expected.error, id).toBeUndefined()
    }
  })

  it('expect members of the decision record, and say which rule denies', () => {
    const { properties } = read('schemas/audit-record.schema.json').$defs.decision_record
    for (const { id, verifies, expect: expected } of vectorCases) {
      expect(Object.keys(properties), id).toEqual(expect.arrayContaining(Object.keys(expected.audit ?? {})))
      if (expected.outcome === 'allow') expect(expected.audit, id).not.toHaveProperty('rule')
      expect(verifies.length, id).toBeGreaterThan(0)
    }
  })

  it('name an action, unless routes resolve it', () => {
    for (const { id, request, server, prior = [] } of vectorCases) {
      for (const each of [request, ...prior.map((entry) => entry.request)]) expect(each.action === undefined, id).toBe(server.routes !== undefined)
    }
  })

  it('go forward in time', () => {
    for (const { id, at, prior = [] } of vectorCases) {
      const times = [...prior.map((entry) => entry.at), at].map((time) => Date.parse(time))
      expect(times, id).toEqual(times.toSorted((one, other) => one - other))
    }
  })

  it('name key sets that are there, without private members', () => {
    const sets = vectorCases.flatMap(({ server }) => [server.jwks, ...(server.otherIssuers ?? []).map(({ jwks }) => jwks)])
    for (const path of new Set(sets as string[])) {
      for (const key of readJson(path).keys) expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name))).toEqual([])
    }
  })

  it('are what npm run vectors writes, signatures included', () => {
    expect(execFileSync(process.execPath, [repository('scripts/vectors/generate.mjs'), '--check'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toBe('')
  })
})
