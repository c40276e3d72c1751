// Plain ESM JavaScript with Express 5.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { aapGuard, aapOf, requireCapability } from 'aap-guard'
import { createTestIssuer, exampleClaims } from 'aap-guard/testing'

const issuer = await createTestIssuer()
const records = []

const app = express()
app.use(aapGuard({ issuer: issuer.issuer, audience: issuer.audience, audit: { write: (record) => void records.push(record) } }))
app.get('/search', requireCapability('search.web', { target: (req) => req.query.url }), (req, res) => {
  assert.equal(aapOf(req), req.aap)
  res.json({ agent: req.aap.agent.id, target: req.aap.target })
})

const server = app.listen(0)
await new Promise((resolve) => server.once('listening', resolve))
const authorization = `Bearer ${await issuer.sign(exampleClaims())}`
const search = (url) => fetch(`http://localhost:${server.address().port}/search?url=${encodeURIComponent(url)}`, { headers: { authorization } })

const allowed = await search('https://example.org/a')
assert.equal(allowed.status, 200)
assert.deepEqual(await allowed.json(), { agent: 'agent-researcher-01', target: 'https://example.org/a' })

const refused = await search('https://example.org.evil.net/')
assert.equal(refused.status, 403)
assert.equal((await refused.json()).error, 'aap_domain_not_allowed')
assert.deepEqual(records.filter(({ kind }) => kind === 'decision').map(({ outcome }) => outcome), ['allow', 'deny'])

server.close()
server.closeAllConnections()
await issuer.close()

// Vectors and schemas are there by their subpaths, for `import`, for `require` and as files, and no private key is.
const require = createRequire(import.meta.url)
assert.match(readFileSync(fileURLToPath(import.meta.resolve('aap-guard/test-vectors/README.md')), 'utf8'), /^# Test vectors\n/)
const { default: vectors } = await import('aap-guard/test-vectors/transport/authorization.json', { with: { type: 'json' } })
assert.ok(vectors.cases.length > 5)
assert.ok(require(`aap-guard/test-vectors/${vectors.cases[0].server.jwks}`).keys.length > 0)
for (const name of ['aap-claims', 'draft-01-claims', 'introspection-answer', 'audit-record', 'test-vector', 'conformance-report']) {
  assert.equal(require(`aap-guard/schemas/${name}.schema.json`).$id, `urn:aap-guard:schema:${name}`)
}
assert.throws(() => require.resolve('aap-guard/test-vectors/keys/private/issuer.json'), { code: 'MODULE_NOT_FOUND' })
// The Redis store needs neither client to be installed until one is given.
const { redisStore } = await import('aap-guard/redis')
assert.equal(redisStore({ evalSha: async () => 'admitted:-1', eval: async () => 'admitted:-1' }).name, 'redis')
assert.equal(require('aap-guard/redis').redisStore, redisStore)
assert.throws(() => require.resolve('redis'), { code: 'MODULE_NOT_FOUND' })
// Nor does the limiter store need the package that it counts by.
const { limiterStore } = await import('aap-guard/limiter')
assert.equal(limiterStore((settings) => ({ ...settings, consume: async () => ({}), get: async () => null, set: async () => ({}) })).name, 'limiter')
assert.equal(require('aap-guard/limiter').limiterStore, limiterStore)
assert.throws(() => require.resolve('rate-limiter-flexible'), { code: 'MODULE_NOT_FOUND' })
console.log('ok')
