import { afterAll, beforeAll } from 'vitest'
import { createTestIssuer, exampleClaims, type TestIssuer } from '../../src/testing/index.js'
import type { IssuerOptions } from '../../src/index.js'

/** One issuer for a whole test file. Its keys are given, so that nothing is fetched, unless a test asks for discovery. */
export interface FileIssuer {
  readonly audience: string
  /** For the option `issuer`. */
  readonly trusted: IssuerOptions
  /** Its URL, by which its metadata can be discovered. */
  readonly url: string
  /** Signs the example's claims, overridden by these. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>
}

export function useTestIssuer(): FileIssuer {
  let issuer: TestIssuer
  beforeAll(async () => { issuer = await createTestIssuer() })
  afterAll(() => issuer.close())
  return {
    get audience() { return issuer.audience },
    get trusted() { return { issuer: issuer.issuer, jwks: issuer.jwks } },
    get url() { return issuer.issuer },
    sign: (claims = {}, header) => issuer.sign(exampleClaims(claims), header),
  }
}

/** Capabilities without any constraint. */
export function capabilities(...actions: string[]): { action: string; constraints: object }[] {
  return actions.map((action) => ({ action, constraints: {} }))
}
