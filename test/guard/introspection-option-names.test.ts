import { expect, it } from 'vitest'
import { createGuard, type GuardOptions } from '../../src/index.js'

it.each<[string, unknown]>([
  ['authentication', 'none'], ['authentication', null], ['authentication', 1],
  ['endpoint', 'http://as.example.com/introspect'], ['endpoint', null],
  ['revocationEndpoint', 'http://as.example.com/revoke'], ['revocationEndpoint', ''], ['revocationEndpoint', 1],
])('INT-1: a wrong `%s` of introspection is called by its name: %j', (name, value) => {
  const introspection = { clientId: 'api', clientSecret: 'a-secret', [name]: value }
  const options = { issuer: { issuer: 'https://as.example.com', introspection }, audience: 'https://api.example.com', audit: [] } as GuardOptions
  expect(() => createGuard(options)).toThrow(new RegExp(`^option \`introspection\` of https://as\\.example\\.com: \`${name}\` must be `))
})
