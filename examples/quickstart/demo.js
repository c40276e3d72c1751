// An agent tries things on the API of api.js. Each call says what has to come of it, and the demo fails if it does not.
import { createApi } from './api.js'
import { bold, dim, formatTable, green, red } from './table.js'
import { capabilitiesWithout, delegatedTooDeep, startIssuer } from './issuer.js'

const issuer = await startIssuer()
const auditRecords = []
const api = createApi({ ...issuer, audit: { write: (record) => void auditRecords.push(record) } })
const server = api.listen(0, '127.0.0.1')
await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
const origin = `http://127.0.0.1:${server.address().port}`

const token = await issuer.issueToken()
const hourAgo = Math.floor(Date.now() / 1000) - 3600

const search = (url, changes) => ({ call: `GET /search?url=${url}`, method: 'GET', path: `/search?url=${encodeURIComponent(url)}`, token, ...changes })
const searchWith = (what, otherToken) => search('https://example.org/agents', { call: `GET /search ${what}`, token: otherToken })
const draft = (changes) => ({ call: 'POST /drafts', method: 'POST', path: '/drafts', body: { text: 'Agents, in plain words' }, token, ...changes })
const publish = (changes) => ({ call: 'POST /posts/1/publish', method: 'POST', path: '/posts/1/publish', token, ...changes })

const calls = [
  search('https://example.org/agents', { status: 200 }),
  search('https://ads.example.org', { status: 403, code: 'aap_domain_not_allowed', rule: 'CON-2' }),
  search('https://example.org.evil.net', { status: 403, code: 'aap_domain_not_allowed', rule: 'CON-2' }),
  search('https://example.org@evil.net', { status: 403, code: 'aap_domain_not_allowed', rule: 'CON-2' }),
  { ...searchWith('without a token', undefined), status: 401, rule: 'TRN-2' },
  { ...searchWith('with a changed token', withMoreRights(token)), status: 401, code: 'invalid_token', rule: 'TOK-1' },
  { ...searchWith('with an expired token', await issuer.issueToken({ iat: hourAgo, exp: hourAgo + 300 })), status: 401, code: 'invalid_token', rule: 'TOK-6' },
  { ...searchWith('with a token for another API', await issuer.issueToken({ aud: 'https://billing.example.com' })), status: 401, code: 'invalid_token', rule: 'TOK-5' },
  { ...searchWith('delegated too deep', await issuer.issueToken(delegatedTooDeep)), status: 403, code: 'aap_excessive_delegation', rule: 'DEL-1' },
  { ...searchWith('for another purpose', await issuer.issueToken({ aap_task: { id: 'task-124', purpose: 'price_comparison' } })), status: 403, code: 'aap_task_mismatch', rule: 'TSK-2' },
  draft({ status: 201 }),
  draft({ status: 201, call: 'POST /drafts, the second today' }),
  draft({ status: 429, code: 'aap_constraint_violation', rule: 'CON-1', call: 'POST /drafts, the third today' }),
  publish({ status: 403, code: 'aap_invalid_capability', rule: 'CAP-2', call: 'POST /posts/1/publish, capability missing', token: await issuer.issueToken({ aap_capabilities: capabilitiesWithout('cms.publish') }) }),
  publish({ status: 403, code: 'aap_approval_required', rule: 'OVS-1' }),
]

const outcomes = []
for (const call of calls) outcomes.push(await send(call))
await issuer.close()
server.close()
server.closeAllConnections()

console.log(`\n${bold('An agent that may search example.org, write two drafts a day, and publish with a human’s approval')}\n`)
console.log(formatTable(
  ['call', 'decision', 'status', 'code', 'rule', 'why'],
  outcomes.map(({ call, status, record, why }) => [call, record.outcome, String(status), record.error ?? '', record.rule ?? '', why]),
  (column, text) => (column === 1 ? (text.startsWith('allow') ? green(text) : red(text)) : column === 5 ? dim(text) : text),
))

const surprises = outcomes.filter(({ isExpected }) => !isExpected)
for (const { call, expected, status, record } of surprises) {
  console.error(red(`Not as expected: ${call}: wanted ${expected}, got ${[status, record.error, record.rule].filter(Boolean).join(' ')}`))
}
const allowed = outcomes.filter(({ record }) => record.outcome === 'allow').length
console.log(`${outcomes.length} calls: ${allowed} allowed, ${outcomes.length - allowed} refused, ${surprises.length === 0 ? 'all as expected' : `${surprises.length} not as expected`}.`)
console.log(dim('Rule and reason come from the audit log: the caller is told status, code and one general sentence. Try it yourself: npm start'))
process.exitCode = surprises.length === 0 ? 0 : 1

/** Makes one call, and finds its decision in the audit log by the correlation id that the answer carries. */
async function send({ call, method, path, token, body, status, code, rule }) {
  const response = await fetch(origin + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  const correlationId = answer.error_correlation_id ?? answer.decision
  const record = auditRecords.find((candidate) => candidate.kind === 'decision' && candidate.correlation_id === correlationId) ?? { outcome: 'no record' }
  const outcome = status < 400 ? 'allow' : 'deny'
  return {
    call,
    status: response.status,
    record,
    why: describe(record, answer, response),
    expected: [status, code, rule].filter(Boolean).join(' '),
    isExpected: response.status === status && answer.error === code && record.outcome === outcome && record.error === code && record.rule === rule,
  }
}

/** The reason in the audit record, and what the answer offers to do about it. */
function describe(record, answer, response) {
  const reason = record.detail ?? `capability ${record.capability_index}: ${record.action}`
  const retryAfter = response.headers.get('retry-after')
  if (retryAfter !== null) return `${reason}; Retry-After: ${retryAfter} s`
  return answer.approval_reference === undefined ? reason : `${reason}; ask at ${answer.approval_reference}`
}

/** What an agent would do that wants more: the claims are changed, and the signature stays. */
function withMoreRights(token) {
  const [header, payload, signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  claims.aap_capabilities = [{ action: 'search.web' }, { action: 'cms.publish' }]
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}
