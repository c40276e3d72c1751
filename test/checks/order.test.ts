import { expect, it } from 'vitest'
import { checkAuthorization, type CheckSubject } from '../../src/checks/order.js'

const nowMs = Date.UTC(2025, 0, 1)

it('ORD-1: agent, task, context, delegation; the first failure is the answer', () => {
  const task = { id: 't', purpose: 'p', dataSensitivity: 'public' }
  const steps = [
    { agent: true, task: { ...task, createdAt: nowMs + 61_000 }, purposes: ['q'], classification: 'internal', networkZone: 'z', delegation: true },
    { task: { ...task, createdAt: nowMs + 61_000 }, purposes: ['q'], classification: 'internal', networkZone: 'z', delegation: true },
    { task: { ...task, expiresAt: nowMs }, purposes: ['q'], classification: 'internal', networkZone: 'z', delegation: true },
    { task, purposes: ['q'], classification: 'internal', networkZone: 'z', delegation: true },
    { task, purposes: ['p'], classification: 'internal', networkZone: 'z', delegation: true },
    { task, purposes: ['p'], classification: 'public', networkZone: 'z', delegation: true },
    { task, purposes: ['p'], classification: 'public', delegation: true },
    { task, purposes: ['p'], classification: 'public', delegation: false },
  ] as const
  const answers = steps.map((step) => {
    const subject: CheckSubject = {
      authorization: {
        agent: { id: 'a', type: 't', operator: 'o' },
        task: step.task,
        capabilities: [],
        delegation: { depth: 0, maxDepth: 0, chain: [], chainIncludesOrigin: false, actors: [] },
        ...('networkZone' in step && { context: { networkZone: step.networkZone } }),
      },
      agentDenial: 'agent' in step ? { code: 'aap_agent_not_recognized', rule: 'AGT-1', detail: '' } : undefined,
      delegationDenial: step.delegation ? { code: 'aap_invalid_delegation_chain', rule: 'DEL-2', detail: '' } : undefined,
    }
    return checkAuthorization(subject, [], { purposes: step.purposes, classification: step.classification }, nowMs, 60_000)?.rule
  })
  expect(answers).toEqual(['AGT-1', 'TSK-1', 'TSK-1', 'TSK-2', 'TSK-3', 'CTX-1', 'DEL-2', undefined])
})
