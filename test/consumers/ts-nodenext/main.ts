// TypeScript under NodeNext with Express 5.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { aapGuard, memoryStore, requireCapability, type AuditRecord } from 'aap-guard'
import { createTestIssuer, exampleClaims } from 'aap-guard/testing'
import { storeContract } from 'aap-guard/store-contract'
import 'aap-guard/express-types'

const issuer = await createTestIssuer({ algorithm: 'EdDSA' })
const records: AuditRecord[] = []

const app = express()
app.use(aapGuard({ issuer: issuer.issuer, audience: issuer.audience, audit: { write: (record) => { records.push(record) } } }))
app.get('/search', requireCapability('search.web', { target: (req) => req.query.url }), (req, res) => {
  res.json({ agent: req.aap?.agent.id, target: req.aap?.target })
})

const server = app.listen(0)
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address() as AddressInfo
const authorization = `Bearer ${await issuer.sign(exampleClaims())}`
const search = (url: string) => fetch(`http://localhost:${port}/search?url=${encodeURIComponent(url)}`, { headers: { authorization } })

const allowed = await search('https://example.org/a')
assert.equal(allowed.status, 200)
assert.deepEqual(await allowed.json(), { agent: 'agent-researcher-01', target: 'https://example.org/a' })

const refused = await search('https://example.org@evil.net/')
assert.equal(refused.status, 403)
const [record] = records.filter((candidate) => candidate.kind === 'decision' && candidate.outcome === 'deny')
assert.equal(record?.kind === 'decision' && record.rule, 'CON-2')

for (const { run } of storeContract((now) => memoryStore({ now }))) await run()

server.close()
server.closeAllConnections()
await issuer.close()
console.log('ok')
