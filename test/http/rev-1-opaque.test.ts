import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { audience, startIssuer } from './opaque-api.js'
import { createGuard, type Decision, type Revocation } from '../../src/index.js'

/** An opaque token is revoked by what its answer says of it, and by its SHA-256 where that gives it no `jti` (TOK-9). */
it.each<[string, (known: { readonly jti: string; readonly digest: string }) => Revocation, object]>([
  ['its jti', ({ jti }) => ({ token: jti }), {}],
  ['its digest', ({ digest }) => ({ token: digest }), { jti: undefined }],
  ['its agent', () => ({ agent: 'agent-7' }), { sub: 'agent-7' }],
  ['its task', () => ({ task: 'task-9' }), { task_id: 'task-9' }],
])('REV-1: an opaque token whose answer is remembered ends at once by %s', async (_, whatOf, members) => {
  const issuer = await startIssuer()
  const guard = createGuard({ issuer: issuer.trusted(), audience, audit: [] })
  const token = await issuer.issue({ scope: 'search.web' })
  issuer.amend(token, { jti: 'token-1', ...members })
  const other = await issuer.issue({ scope: 'search.web' })
  issuer.amend(other, { jti: 'token-2', sub: 'agent-8', task_id: 'task-8' })
  const ask = (text: string): Promise<Decision> => guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${text}` } }, 'search.web')

  expect(await ask(token)).toMatchObject({ outcome: 'allow' })
  const asked = issuer.asked.length
  await guard.revoke(whatOf({ jti: 'token-1', digest: hash('sha256', token, 'base64url') }))
  expect(await ask(token)).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'REV-1' } })
  expect(issuer.asked).toHaveLength(asked)
  expect(await ask(other)).toMatchObject({ outcome: 'allow' })
  await guard.close()
})
