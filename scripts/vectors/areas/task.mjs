import { allowed, denied, now, rfc3339 } from '../case.mjs'

const mismatch = (rule) => [403, 'aap_task_mismatch', rule]

export const files = {
  times: {
    description: 'The task exists and is not over. The tolerance of 60 seconds applies to created_at only.',
    verifies: ['TSK-1'],
    cases: [
      allowed('tsk-1-created-within-tolerance', 'Created 60 s in the future', { flags: ['Boundary', 'TolerancePlaced'], task: { created_at: now + 60 } }),
      denied('tsk-1-created-beyond-tolerance', 'Created 61 s in the future', mismatch('TSK-1'), { flags: ['Boundary'], task: { created_at: now + 61 } }),
      allowed('tsk-1-created-rfc3339', 'Created in the past, as RFC 3339', { task: { created_at: rfc3339(now - 60) } }),
      denied('tsk-1-created-rfc3339-future', 'Created in the future, as RFC 3339', mismatch('TSK-1'), { task: { created_at: rfc3339(now + 3600) } }),
      allowed('tsk-1-expires-later', 'Over in a second', { flags: ['Boundary'], task: { expires_at: now + 1 } }),
      denied('tsk-1-expires-now', 'Over now', mismatch('TSK-1'), { flags: ['Boundary', 'TolerancePlaced'], task: { expires_at: now } }),
      denied('tsk-1-expired', 'Over for a second', mismatch('TSK-1'), { flags: ['Boundary', 'TolerancePlaced'], task: { expires_at: now - 1 } }),
      denied('tsk-1-expired-fraction', 'Over for a millisecond', mismatch('TSK-1'), { flags: ['Boundary', 'TolerancePlaced'], task: { expires_at: now - 0.001 } }),
      allowed('tsk-1-expires-rfc3339-offset', 'Over in an hour, by an offset', { task: { expires_at: '2025-01-01T03:30:00+02:00' } }),
      denied('tsk-1-expired-rfc3339-offset', 'Over for an hour, by an offset', mismatch('TSK-1'), { task: { expires_at: '2025-01-01T01:30:00+02:00' } }),
    ],
  },

  purpose: {
    description: 'A route says which purposes its action is for.',
    verifies: ['TSK-2'],
    cases: [
      allowed('tsk-2-match', 'The purpose is among them', { facts: { purposes: ['translation', 'research_and_draft_article'] } }),
      allowed('tsk-2-not-declared', 'The route names none', {}),
      denied('tsk-2-other', 'The purpose is not among them', mismatch('TSK-2'), { flags: ['PurposeDrift'], facts: { purposes: ['translation'] } }),
      denied('tsk-2-prefix', 'The purpose is only a prefix', mismatch('TSK-2'), { flags: ['PurposeDrift', 'PrefixConfusion'], task: { purpose: 'research' }, facts: { purposes: ['research_and_draft_article'] } }),
      denied('tsk-2-purpose-in-header', 'A header claims another purpose', mismatch('TSK-2'), { flags: ['PurposeDrift', 'ClientControlledFact'], facts: { purposes: ['translation'] }, headers: [['Authorization', 'Bearer {jwt}'], ['X-Task-Purpose', 'translation']] }),
    ],
  },

  'data-sensitivity': {
    description: 'data_sensitivity is a ceiling: public < internal < confidential < restricted and personal, which do not admit each other.',
    verifies: ['TSK-3'],
    cases: [
      ...[
        ['public', 'public', true], ['public', 'internal', false], ['public', 'personal', false],
        ['internal', 'public', true], ['internal', 'internal', true], ['internal', 'confidential', false],
        ['confidential', 'internal', true], ['confidential', 'confidential', true], ['confidential', 'restricted', false], ['confidential', 'personal', false],
        ['restricted', 'confidential', true], ['restricted', 'restricted', true], ['restricted', 'personal', false],
        ['personal', 'public', true], ['personal', 'personal', true], ['personal', 'restricted', false],
      ].map(([ceiling, classification, admitted]) => {
        const definition = { task: { data_sensitivity: ceiling }, facts: { classification } }
        const [id, title] = [`tsk-3-${ceiling}-for-${classification}`, `A token for ${ceiling} data on a route with ${classification} data`]
        return admitted ? allowed(id, title, definition) : denied(id, title, mismatch('TSK-3'), definition)
      }),
      denied('tsk-3-unknown', 'A class that nobody knows, on a route with public data', mismatch('TSK-3'), { task: { data_sensitivity: 'top-secret' }, facts: { classification: 'public' } }),
      denied('tsk-3-upper-case', 'A class in another case', mismatch('TSK-3'), { task: { data_sensitivity: 'RESTRICTED' }, facts: { classification: 'public' } }),
      denied('tsk-3-prototype', 'A class that is a member of Object.prototype', mismatch('TSK-3'), { flags: ['PrototypePollution'], task: { data_sensitivity: 'constructor' }, facts: { classification: 'public' } }),
      allowed('tsk-3-unknown-not-declared', 'A class that nobody knows, on a route that declares none', { task: { data_sensitivity: 'top-secret' } }),
    ],
  },
}
