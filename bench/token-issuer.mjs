// An issuer in a process of its own, which knows every token. It says where it listens, and ends when it is left alone.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { URLSearchParams } from 'node:url'

/** With everything that an agent token can have; a budget, where the token says so by its name. */
const answerTo = (token) => {
  const now = Math.floor(Date.now() / 1000)
  return {
    active: true,
    scope: 'search.web cms.draft',
    client_id: 'client-1',
    sub: 'spiffe://example.com/agent/researcher-01',
    aud: 'https://api.example.com',
    exp: now + 900,
    iat: now,
    jti: createHash('sha256').update(token).digest('base64url'),
    agent_type: 'autonomous',
    delegated_by: 'user:ada',
    delegation_depth: 1,
    delegation_chain: ['user:ada', 'agent-planner'],
    task_id: 'task-123',
    task_type: 'research',
    intent_description: 'research_and_draft_article',
    orchestrator_id: 'orchestrator-1',
    environment: 'production',
    organization_id: 'org:blogcorp',
    ...(token.startsWith('counted') && { max_operations: 1_000_000, operations_remaining: 1_000_000 }),
  }
}

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answerTo(new URLSearchParams(body).get('token'))))
  })
}).listen(0, '127.0.0.1', () => { process.send(`http://127.0.0.1:${server.address().port}/introspect`) })
process.once('disconnect', () => { process.exit() })
