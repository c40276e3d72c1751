// Leaves the API of api.js running, with curl lines to try it. Audit records go to standard output, one line each.
import { createApi } from './api.js'
import { capabilitiesWithout, delegatedTooDeep, startIssuer } from './issuer.js'

const port = Number(process.env.PORT || 3000)
const lifetimeSeconds = 3600

const issuer = await startIssuer()
const server = createApi(issuer).listen(port)
await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject)).catch((error) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is taken. Choose another one: PORT=8080 npm start, or PORT=0 for any` : error.message)
  process.exit(1)
})
const origin = `http://localhost:${server.address().port}`

const issueToken = (changes) => issuer.issueToken({ exp: Math.floor(Date.now() / 1000) + lifetimeSeconds, ...changes })
const bearer = (token) => `-H 'Authorization: Bearer ${token}'`
const search = (url, token) => `curl -i -w '\\n' '${origin}/search?url=${url}'${token === undefined ? '' : ` ${bearer(token)}`}`
const post = (path, token, more = '') => `curl -i -w '\\n' -X POST '${origin}${path}' ${bearer(token)}${more}`

const token = await issueToken()
const lines = [
  ['allowed', search('https://example.org/agents', token)],
  ['allowed twice a day, then 429 with Retry-After', post('/drafts', token, ` -H 'Content-Type: application/json' -d '{"text":"Agents, in plain words"}'`)],
  ['401: no token', search('https://example.org/agents')],
  ['403: a host that only looks like an allowed one', search('https://example.org.evil.net/', token)],
  ['403: delegated too deep', search('https://example.org/agents', await issueToken(delegatedTooDeep))],
  ['403: the capability is missing', post('/posts/1/publish', await issueToken({ aap_capabilities: capabilitiesWithout('cms.publish') }))],
  ['403: a human has to approve it', post('/posts/1/publish', token)],
]

console.log(`The API listens on ${origin}, and accepts the tokens of ${issuer.issuer}.`)
console.log(`Paste these into another terminal; the tokens are good for an hour. Audit records appear here. Ctrl+C ends it.`)
for (const [what, line] of lines) console.log(`\n# ${what}\n${line}`)
console.log('')

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    void issuer.close()
  })
}
