import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { X509Certificate } from 'node:crypto'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/model/error-codes.js'
import { readJson, vectorCases, vectorFiles } from './committed-vectors.js'

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => JSON.parse(readFileSync(repository(path), 'utf8'))

const certificate = (name: string) => readFileSync(repository(`test-vectors/keys/${name}.pem`), 'utf8')

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

  it('state answers of the issuer that are one thing, in the order of time', () => {
    const stated = vectorCases.flatMap(({ id, server }) => Object.values(server.introspection?.answers ?? {}).map((answers) => ({ id, answers })))
    expect(stated.length).toBeGreaterThan(300)
    for (const { id, answers } of stated) {
      expect(answers.map(({ from }) => from === undefined), id).toEqual(answers.map((_, index) => index === 0))
      const times = answers.slice(1).map(({ from }) => Date.parse(from!))
      expect(times, id).toEqual(times.toSorted((one, other) => one - other))
      for (const { body, text, padding, fails, status } of answers) {
        expect([body, text, fails].filter((each) => each !== undefined).length, id).toBeLessThanOrEqual(1)
        if (fails === true) expect(status, id).toBeUndefined()
        if (padding !== undefined) expect(text, id).toBeDefined()
      }
    }
  })

  it('admit nothing that only a remembered answer would admit', () => {
    const admitted = vectorCases.filter(({ server, at, jwt, expect: expected }) => {
      const current = server.introspection?.answers[jwt]?.findLast(({ from }) => from === undefined || Date.parse(from) <= Date.parse(at))
      return expected.outcome === 'allow' && (current?.fails === true || current?.body?.active === false)
    })
    expect(admitted.map(({ id }) => id)).toEqual(['int-1-jwt-not-asked'])
  })

  it('name key sets that are there, without private members', () => {
    const sets = vectorCases.flatMap(({ server }) => [server.jwks, ...(server.otherIssuers ?? []).map(({ jwks }) => jwks)])
    for (const path of new Set(sets as string[])) {
      for (const key of readJson(path).keys) expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name))).toEqual([])
    }
  })

  it('know clients by keys without private members', () => {
    for (const key of readJson('keys/clients.json').keys) expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name))).toEqual([])
  })

  it('show certificates of their authority, or that vouch for themselves where this is allowed, on connections with TLS', () => {
    const authority = new X509Certificate(certificate('authority'))
    const known = new Map(['client-1', 'client-2', 'proxy', 'self-signed'].map((name) => [certificate(name), name]))
    for (const { id, server, request, prior = [] } of vectorCases) {
      for (const { clientCertificatePem, encrypted } of [request, ...prior.map((entry) => entry.request)]) {
        if (clientCertificatePem === undefined) continue
        const shown = new X509Certificate(clientCertificatePem)
        const mayVouchForItself = typeof server.mtls === 'object' && server.mtls.selfSigned === true
        expect(known.has(clientCertificatePem) && encrypted, id).toBe(true)
        expect(shown.verify(mayVouchForItself && known.get(clientCertificatePem) === 'self-signed' ? shown.publicKey : authority.publicKey), id).toBe(true)
        expect(Date.parse(shown.validFrom) < Date.parse('2025-01-01') && Date.parse(shown.validTo) > Date.parse('2026-01-01'), id).toBe(true)
      }
    }
  })

  it('are what npm run vectors writes, signatures included', () => {
    expect(execFileSync(process.execPath, [repository('scripts/vectors/generate.mjs'), '--check'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toBe('')
  })
})
