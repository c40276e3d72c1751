/** Curves of NIST by the letters of SP 800-186 section 3.2.1: y² = x³ - 3x + b over a prime p. */
const curves = {
  'P-256': { bytes: 32, alg: 'ES256', p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n, b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn },
  'P-384': { bytes: 48, alg: 'ES384', p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n, b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn },
  'P-521': { bytes: 66, alg: 'ES512', p: 2n ** 521n - 1n, b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n },
} as const

/**
 * TOK-1 on one JSON Web Key: whether it may verify anything. Points are looked at by the equations of their curves, sizes
 * by big integers.
 */
export function isUsableKey(jwk: unknown): boolean {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return false
  const members = new Map(Object.entries(jwk))
  const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].some((name) => members.has(name))
  const operations: unknown = members.get('key_ops')
  const isForSignatures = !members.has('use') || members.get('use') === 'sig'
  const isForVerifying = !members.has('key_ops') || (Array.isArray(operations) && operations.includes('verify'))
  if (secret || !isForSignatures || !isForVerifying || (members.has('kid') && typeof members.get('kid') !== 'string')) return false
  const algorithms = algorithmsOf(members)
  return algorithms.length > 0 && (!members.has('alg') || algorithms.includes(members.get('alg') as string))
}

/** What a key of this shape is for; nothing where its numbers are out of order. */
function algorithmsOf(members: ReadonlyMap<string, unknown>): readonly string[] {
  const octets = (name: string): Buffer => octetsOf(members.get(name))
  switch (members.get('kty')) {
    case 'EC': {
      const curve = Object.entries(curves).find(([name]) => name === members.get('crv'))?.[1]
      if (curve === undefined) return []
      const [x, y] = [octets('x'), octets('y')]
      return x.length === curve.bytes && y.length === curve.bytes && isOnCurve(numberOf(x), numberOf(y), curve) ? [curve.alg] : []
    }
    case 'RSA': {
      const [modulus, exponent] = [numberOf(octets('n')), numberOf(octets('e'))]
      const isSized = modulus >= 2n ** 2047n && modulus < 2n ** 8192n && exponent >= 3n && exponent < 2n ** 64n
      return isSized && modulus % 2n === 1n && exponent % 2n === 1n ? ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] : []
    }
    case 'OKP':
      return members.get('crv') === 'Ed25519' && isEdwardsKey(octets('x')) ? ['EdDSA', 'Ed25519'] : []
    default:
      return []
  }
}

/** Strict base64url; no octets where it is not. */
function octetsOf(value: unknown): Buffer {
  if (typeof value !== 'string' || !Array.from(value).every((character) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.includes(character))) return Buffer.alloc(0)
  const octets = Buffer.from(value, 'base64url')
  // A spelling with bits that are left over says the same octets as the one without.
  return value.length % 4 !== 1 && octets.toString('base64url') === value ? octets : Buffer.alloc(0)
}

function numberOf(octets: Uint8Array): bigint {
  return octets.length === 0 ? 0n : BigInt(`0x${Buffer.from(octets).toString('hex')}`)
}

function isOnCurve(x: bigint, y: bigint, { p, b }: { p: bigint; b: bigint }): boolean {
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n
}

const prime = 2n ** 255n - 19n
const mod = (value: bigint): bigint => ((value % prime) + prime) % prime
const d = mod(-121665n * inverse(121666n))

function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n
  const half = power(mod(base * base), exponent / 2n)
  return exponent % 2n === 1n ? mod(half * base) : half
}

function inverse(value: bigint): bigint {
  return power(mod(value), prime - 2n)
}

/** RFC 8032 section 5.1.3, and eight times the point is not the neutral one. */
function isEdwardsKey(octets: Buffer): boolean {
  if (octets.length !== 32) return false
  const y = numberOf(octets.toReversed()) % 2n ** 255n
  if (y >= prime) return false
  const xx = mod((y * y - 1n) * inverse(d * y * y + 1n))
  let x = power(xx, (prime + 3n) / 8n)
  if (mod(x * x) !== xx) x = mod(x * power(2n, (prime - 1n) / 4n))
  if (mod(x * x) !== xx) return false
  let point: readonly [bigint, bigint] = [x, y]
  for (let i = 0; i < 3; i++) point = double(point)
  return !(point[0] === 0n && point[1] === 1n)
}

/** RFC 8032 section 5.1.4: the law of addition, of a point with itself. */
function double([x, y]: readonly [bigint, bigint]): readonly [bigint, bigint] {
  const product = mod(d * x * x * y * y)
  return [mod(2n * x * y * inverse(1n + product)), mod((y * y + x * x) * inverse(1n - product))]
}
