import { LRUCache } from 'lru-cache'
import { hash } from 'node:crypto'
import type { VerifiedToken } from './verify-token.js'

const maxTokens = 20_000
const maxRecentTokens = 512
/** Half of an ES256 signature: enough to tell honest tokens apart. Equality of the whole text decides. */
const tailLength = 43

/**
 * Remembers verified tokens, so that a token is verified and compiled once (TOK-11). Only tokens that passed get in:
 * a flood of invalid ones adds nothing.
 *
 * Two tiers, because V8 hashes a fresh string at every look-up and a token is long. All tokens are found by their
 * SHA-256, and their text is not kept. The few that were used last are found by their last characters and compared
 * with their whole text, which is faster and costs their text.
 */
export class TokenCache {
  readonly #byDigest = new LRUCache<string, VerifiedToken>({ max: maxTokens })
  readonly #recent = new LRUCache<string, { readonly text: string; readonly verified: VerifiedToken }>({ max: maxRecentTokens })
  /** For tokens that were delegated from one of these (DEL-5). */
  readonly #byIdentity = new LRUCache<string, VerifiedToken>({ max: maxTokens })
  #hits = 0

  get(text: string): VerifiedToken | undefined {
    const tail = text.slice(-tailLength)
    const recent = this.#recent.get(tail)
    if (recent?.text === text) return recent.verified
    const verified = this.#byDigest.get(digest(text))
    // One hit in eight moves up: a busy token soon does, and many tokens in turn do not push each other out every time.
    if (verified !== undefined && (this.#hits++ & 7) === 0) this.#recent.set(tail, { text, verified })
    return verified
  }

  set(text: string, verified: VerifiedToken): void {
    this.#byDigest.set(digest(text), verified)
    this.#byIdentity.set(verified.compiled.tokenDigest, verified)
    this.#recent.set(text.slice(-tailLength), { text, verified })
  }

  /** The token with this issuer and id that was verified last, if it is still remembered. */
  findByIdentity(tokenDigest: string): VerifiedToken | undefined {
    return this.#byIdentity.get(tokenDigest)
  }

  delete(text: string): void {
    const key = digest(text)
    const verified = this.#byDigest.peek(key)
    if (verified !== undefined) this.#byIdentity.delete(verified.compiled.tokenDigest)
    this.#byDigest.delete(key)
    this.#recent.delete(text.slice(-tailLength))
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}
