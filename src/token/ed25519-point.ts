const p = 2n ** 255n - 19n

/** -121665 / 121666 modulo p. */
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** y of the points whose order divides 8. Each stands for both signs of x. */
const orderEightY = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const smallOrderYs: ReadonlySet<bigint> = new Set([0n, 1n, p - 1n, orderEightY, p - orderEightY])

/**
 * Whether 32 bytes are the canonical encoding of a point of the curve that can be somebody's key (TOK-1).
 * Needed because neither OpenSSL nor WebCrypto looks at an Ed25519 key when it is imported, and under a key
 * of small order a signature that anybody can make verifies for any message.
 *
 * @see RFC 8032 sections 5.1 and 5.1.3; SP 800-186 appendix D.1.3
 */
export function isEd25519Point(encoded: Uint8Array): boolean {
  const bigEndian = Uint8Array.from(encoded).reverse()
  if (bigEndian.length !== 32) return false
  bigEndian[0] = (bigEndian[0] ?? 0) & 0x7f // the highest bit is the sign of x
  const y = BigInt(`0x${Buffer.from(bigEndian).toString('hex')}`)
  if (y >= p || smallOrderYs.has(y)) return false

  // x² = u / v has a root exactly if u·v is a square: Euler's criterion. v is never 0, and u is 0 only for y = ±1.
  const ySquared = (y * y) % p
  const u = (ySquared - 1n + p) % p
  const v = (d * ySquared + 1n) % p
  return power((u * v) % p, (p - 1n) / 2n) === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}
