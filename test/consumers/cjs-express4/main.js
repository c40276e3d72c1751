// CommonJS with Express 4, and the policy in the option `routes`.
const assert = require('node:assert/strict')
const express = require('express')
const { aapGuard } = require('aap-guard')
const { createTestIssuer, exampleClaims } = require('aap-guard/testing')
const schema = require('aap-guard/schemas/audit-record.schema.json')

main()

async function main() {
  assert.match(require('express/package.json').version, /^4\./)
  assert.equal(schema.title, 'Audit record')
  const issuer = await createTestIssuer({ algorithm: 'RS256' })

  const app = express()
  app.use(aapGuard({
    issuer: issuer.issuer,
    audience: issuer.audience,
    audit: [],
    routes: {
      'GET /health': { public: true },
      'GET /search': { action: 'search.web', target: (req) => req.query.url },
    },
  }))
  app.get('/health', (req, res) => res.json({ status: 'ok' }))
  app.get('/search', (req, res) => res.json({ agent: req.aap.agent.id }))
  app.get('/forgotten', (req, res) => res.json({}))

  const server = app.listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const authorization = `Bearer ${await issuer.sign(exampleClaims())}`
  const get = (path, headers = { authorization }) => fetch(`http://localhost:${server.address().port}${path}`, { headers })

  assert.equal((await get('/health', {})).status, 200)
  const allowed = await get('/search?url=https://example.org/a')
  assert.equal(allowed.status, 200)
  assert.deepEqual(await allowed.json(), { agent: 'agent-researcher-01' })

  const unlisted = await get('/forgotten')
  assert.equal(unlisted.status, 403)
  assert.equal((await unlisted.json()).error, 'aap_invalid_capability')
  const anonymous = await get('/search?url=https://example.org/a', {})
  assert.equal(anonymous.status, 401)
  assert.match(anonymous.headers.get('www-authenticate'), /^Bearer /)

  server.close()
  server.closeAllConnections()
  await issuer.close()
  console.log('ok')
}
