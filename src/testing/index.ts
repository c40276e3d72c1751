export { createTestIssuer, type TestIssuer, type TestIssuerOptions } from './test-issuer.js'
export { exampleClaims } from './example-claims.js'
