import { constants, createHmac, createPublicKey, verify } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { TestVectorCase } from '../../src/model/wire-test-vector.js'
import { readJson, vectorCases } from './committed-vectors.js'

/** Whether the key made the signature by any algorithm it could be used for, whatever the key says that it is for. */
const made = (jwk: JsonWebKey, input: Buffer, signature: Buffer): boolean => {
  if (jwk.kty === 'oct') return createHmac('sha256', Buffer.from(jwk.k!, 'base64url')).update(input).digest().equals(signature)
  let key
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return false // not a point on its curve
  }
  if (jwk.kty === 'EC') return signature.length === 64 && verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (jwk.kty === 'OKP') return verify(null, input, key, signature)
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return verify('sha256', input, key, signature) || verify('sha384', input, key, signature) || verify('sha256', input, pss, signature)
}

const keysOf = ({ server }: TestVectorCase): JsonWebKey[] =>
  [server.jwks, ...(server.otherIssuers ?? []).map(({ jwks }) => jwks)].flatMap((path) => readJson(path as string).keys)

const verifies = (vector: TestVectorCase, jwt: string) => {
  const end = jwt.lastIndexOf('.')
  return keysOf(vector).some((jwk) => made(jwk, Buffer.from(jwt.slice(0, end)), Buffer.from(jwt.slice(end + 1), 'base64url')))
}

const clients: JsonWebKey[] = readJson('keys/clients.json').keys

const proofsIn = ({ headers = [] }: TestVectorCase['request']) => headers.filter(([name]) => name.toLowerCase() === 'dpop').map(([, proof]) => proof)
const proofsOf = ({ request, prior }: TestVectorCase) => [request, ...(prior ?? []).map((entry) => entry.request)].flatMap(proofsIn)
const canBeTakenApart = (proof: string) => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(proof)

/** The key that a proof brings along; where it brings none that is an object, it should be one of the clients'. */
const keysOfProof = (proof: string): JsonWebKey[] => {
  const header = Buffer.from(proof.split('.')[0]!, 'base64url').toString()
  const { jwk } = header.startsWith('{') ? JSON.parse(header) : {}
  return jwk?.kty === undefined ? clients : [jwk]
}

const isProved = (proof: string) => {
  const end = proof.lastIndexOf('.')
  return keysOfProof(proof).some((jwk) => made(jwk, Buffer.from(proof.slice(0, end)), Buffer.from(proof.slice(end + 1), 'base64url')))
}

const has = (flag: string) => (vector: TestVectorCase) => vector.flags.includes(flag)
const isOpaque = ({ server }: TestVectorCase, jwt: string) => Object.hasOwn(server.introspection?.answers ?? {}, jwt) && !canBeTakenApart(jwt)
const jwts = vectorCases.filter((vector) => !has('NotAJwt')(vector) && !isOpaque(vector, vector.jwt))

describe('the committed signatures', () => {
  it('verify under a key of the server, unless they are flagged as forged', () => {
    const wrong = jwts.filter((vector) => verifies(vector, vector.jwt) === has('ForgedSignature')(vector))
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('of earlier requests verify as well', () => {
    for (const vector of vectorCases) for (const { jwt } of vector.prior ?? []) if (jwt !== undefined && !isOpaque(vector, jwt)) expect(verifies(vector, jwt), vector.id).toBe(true)
  })

  it('belong to the token that is shown', () => {
    for (const { id, token, jwt } of vectorCases) {
      if (token === undefined) continue
      const [header, payload] = jwt.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))
      expect({ header, payload }, id).toEqual(token)
    }
  })

  it('of admitted requests are never forged', () => {
    expect(vectorCases.filter((vector) => vector.expect.outcome === 'allow' && has('ForgedSignature')(vector))).toEqual([])
  })
})

describe('the committed proofs', () => {
  it('can be taken apart, unless they are flagged as none', () => {
    const wrong = vectorCases.filter((vector) => proofsOf(vector).every(canBeTakenApart) === has('NotAProof')(vector))
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('verify under the key in their header, unless they are flagged as forged', () => {
    const wrong = vectorCases.filter((vector) => proofsOf(vector).filter(canBeTakenApart).every(isProved) === has('ForgedProof')(vector))
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('of admitted requests are never forged', () => {
    const admitted = vectorCases.filter((vector) => vector.expect.outcome === 'allow')
    expect(admitted.filter(({ request }) => !proofsIn(request).every(isProved)).map(({ id }) => id)).toEqual([])
    expect(admitted.flatMap(({ request }) => proofsIn(request)).length).toBeGreaterThan(50)
  })
})
