// Plain ESM JavaScript with Express 5.
import assert from 'node:assert/strict'
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
console.log('ok')
