import { generateKeyPairSync, sign } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, importJWK, jwtVerify } from 'jose'
import { ProofVerifier } from '../build/token/dpop-proof.js'
import { fresh } from './fixtures.mjs'
import { interleave, ratio, timePerCall } from './measure.mjs'

const url = 'https://api.example.com/search'
const count = 1_000

const encode = (json) => Buffer.from(JSON.stringify(json)).toString('base64url')

/** One agent, whose key the server has seen: each proof is new, signed before the time is taken. */
export async function dpopProof({ tokens: [token] }) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const jwk = { kty, crv, x, y }
  const thumbprint = await calculateJwkThumbprint(jwk)
  const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url')
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk })
  const signed = (input) => sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  let made = 0
  const makeProof = () => {
    const input = `${header}.${encode({ htm: 'GET', htu: url, iat: Math.floor(Date.now() / 1000), jti: `proof-${made++}`, ath })}`
    return fresh(`${input}.${signed(input).toString('base64url')}`)
  }

  const verifier = new ProofVerifier(new Set(['ES256']))
  const context = () => ({ method: 'GET', url: { origin: 'https://api.example.com', path: '/search' }, token, thumbprint, nowMs: Date.now() })
  const verify = async (proof) => {
    const verified = await verifier.verify([proof], context())
    if ('code' in verified) throw new Error(verified.detail)
  }
  await verify(makeProof())

  const key = await importJWK(jwk, 'ES256')
  const data = Buffer.from(makeProof())
  const signature = signed(data)
  const samples = await interleave(
    {
      es256: () => timePerCall(count, () => data, (bytes) => crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, bytes)),
      proof: () => timePerCall(count, makeProof, verify),
      jose: () => timePerCall(count, makeProof, async (proof) => {
        const { protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] })
        if ((await calculateJwkThumbprint(protectedHeader.jwk)) !== thumbprint) throw new Error('another key')
      }),
    },
    10,
  )
  return [
    ['DPoP proof ÷ ES256 check, client key known', ratio(samples, 'proof', 'es256').toFixed(2), '≤ 1.2'],
    ['DPoP proof by EmbeddedJWK of jose ÷ ES256 check', ratio(samples, 'jose', 'es256').toFixed(2), ''],
  ]
}
