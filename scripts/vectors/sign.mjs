import { createHash, createHmac, constants, sign as cryptoSign, verify as cryptoVerify } from 'node:crypto'
import { privateKeyOf, publicKeyOf } from './keys.mjs'

export const base64url = (value) => Buffer.from(value).toString('base64url')

/** Order of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const integer = (buffer) => BigInt(`0x${buffer.toString('hex')}`)
const octets = (number, length) => Buffer.from(number.toString(16).padStart(2 * length, '0'), 'hex')

/** The other signature (r, n - s) of the same input by the same key. */
export const twin = (signature) => Buffer.concat([signature.subarray(0, 32), octets(order - integer(signature.subarray(32)), 32)])
const isLow = (signature) => integer(signature.subarray(32)) <= order / 2n

const raise = (base, exponent, modulus) => {
  let result = 1n
  for (let [power, rest] = [base % modulus, exponent]; rest > 0n; [power, rest] = [(power * power) % modulus, rest >> 1n]) {
    if (rest & 1n) result = (result * power) % modulus
  }
  return result
}

/** RSASSA-PKCS1-v1_5 by plain arithmetic, for keys that no library would sign with. Slow for the large one: what was committed is kept. */
const signByArithmetic = (input, jwk, committed = []) => {
  const [n, e] = [jwk.n, jwk.e].map((text) => integer(Buffer.from(text, 'base64url')))
  const length = Math.ceil(n.toString(2).length / 8)
  const digest = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), createHash('sha256').update(input).digest()])
  const padded = integer(Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(length - digest.length - 3, 255), Buffer.from([0]), digest]))
  const kept = committed.find((signature) => signature.length === length && raise(integer(signature), e, n) === padded)
  // With e = 1 the padded digest is its own signature.
  return kept ?? octets(e === 1n ? padded : raise(padded, integer(Buffer.from(jwk.d, 'base64url')), n), length)
}

/**
 * `committed` maps a signing input to the signatures that stand in committed files: ECDSA and PSS are
 * randomised, so that one that still verifies is kept. Of the two spellings of an ECDSA signature the low one is used.
 */
export const createSigner = (committed) => (input, algorithm, jwk, { dsaEncoding = 'ieee-p1363' } = {}) => {
  const data = Buffer.from(input)
  const remember = (signature) => {
    committed.set(input, [...(committed.get(input) ?? []), signature])
    return signature
  }
  switch (algorithm) {
    case 'ES256': {
      const usual = (signature) => (dsaEncoding === 'der' || signature.length !== 64 || isLow(signature) ? signature : twin(signature))
      const kept = (committed.get(input) ?? []).map(usual).find((signature) => cryptoVerify('sha256', data, { key: publicKeyOf(jwk), dsaEncoding }, signature))
      return kept ?? remember(usual(cryptoSign('sha256', data, { key: privateKeyOf(jwk), dsaEncoding })))
    }
    case 'RS256':
      return jwk.p === undefined ? signByArithmetic(data, jwk, committed.get(input)) : cryptoSign('sha256', data, privateKeyOf(jwk))
    case 'PS256': {
      const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      const kept = (committed.get(input) ?? []).find((signature) => cryptoVerify('sha256', data, { key: publicKeyOf(jwk), ...options }, signature))
      return kept ?? remember(cryptoSign('sha256', data, { key: privateKeyOf(jwk), ...options }))
    }
    case 'RS384':
      return cryptoSign('sha384', data, privateKeyOf(jwk))
    case 'EdDSA':
      return cryptoSign(null, data, privateKeyOf(jwk))
    case 'HS256':
      return createHmac('sha256', jwk.k === undefined ? publicKeyOf(jwk).export({ format: 'pem', type: 'spki' }) : Buffer.from(jwk.k, 'base64url')).update(data).digest()
    default:
      throw new Error(`no signature by ${algorithm}`)
  }
}
