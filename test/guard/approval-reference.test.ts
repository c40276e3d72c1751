import { describe, expect, it } from 'vitest'
import { guarding, requestBy } from './guarding.js'

async function referenceFor(approval_reference?: string, action = 'a'): Promise<string | undefined> {
  const { guard } = guarding()
  const decision = await guard.authorize(requestBy({ aap_oversight: { requires_human_approval_for: ['a'], ...(approval_reference !== undefined && { approval_reference }) } }), action)
  return decision.approvalReference?.replace(decision.correlationId, '<correlation id>')
}

const ours = 'urn:uuid:<correlation id>'

describe('OVS-1, ERR-1: where to ask for an approval', () => {
  it('our own reference, where the token has none', async () => {
    expect(await referenceFor()).toBe(ours)
  })

  it.each(['https://approvals.example.com/requests/1?x=y#z', 'http://approvals.example.com', 'HTTPS://approvals.example.com/', `https://a.example/${'x'.repeat(2_048 - 'https://a.example/'.length)}`])('the token\'s, where it is an absolute http(s) URL: %s', async (reference) => {
    expect(await referenceFor(reference)).toBe(reference)
  })

  it.each([
    'ticket-123', '', '/requests/1', '//approvals.example.com', 'ftp://approvals.example.com', 'javascript:alert(1)', 'data:text/html,x', 'https:approvals', 'https://', 'https://a b/', 'https://a.example/\r\nset-cookie: x', 'https://a.example/\u0000', 'https://a.example/\u00e9', 'https://a.example/\u202e', ' https://a.example/', 'https://a.example/ ', 'https://[::1', 'https://a.example:99999/',
    `https://a.example/${'x'.repeat(2_049 - 'https://a.example/'.length)}`,
  ])('but never anything else: %j', async (reference) => {
    expect(await referenceFor(reference)).toBe(ours)
  })

  it('only with aap_approval_required', async () => {
    expect(await referenceFor('https://approvals.example.com/', 'b')).toBeUndefined()
  })
})
