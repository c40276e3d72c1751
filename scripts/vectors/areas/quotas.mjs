import { allowed, denied, issuedAt, quotaSpent, violation } from '../case.mjs'
import { base64url, twin } from '../sign.mjs'

/** Valid for two days, so that only the quotas depend on the time. */
const twoDays = { exp: issuedAt + 2 * 86400 }
const quota = (changes) => ({ claims: twoDays, ...changes })
const on = (day, time) => `2025-01-0${day}T${time}Z`
const today = (time) => on(1, time)
const once = (time, changes) => ({ at: today(time), ...changes })
const search = (constraints) => ({ action: 'search.web', constraints })
const emails = (count) => ({ quantities: { emails: count } })
const target = (host) => ({ target: `https://${host}/` })
const onHost = (host, constraints) => search({ domains_allowed: [host], ...constraints })

const perHour = (limit) => ({ max_requests_per_hour: limit })
const perMinute = (limit) => ({ max_requests_per_minute: limit })

export const files = {
  windows: {
    description: 'Second and minute slide, hour and day follow the clock in UTC. It is 2025-01-01T00:30:00Z unless a case says otherwise.',
    verifies: ['CON-1'],
    cases: [
      allowed('con-1-first', 'The first request', quota({ constraints: perHour(1) })),
      allowed('con-1-last', 'The last one that fits', quota({ verifies: ['CON-1', 'QTA-4'], flags: ['Boundary'], constraints: perHour(3), prior: [once('00:10:00', { times: 2 })] })),
      denied('con-1-one-too-many', 'One more', quotaSpent, quota({ verifies: ['CON-1', 'QTA-4'], flags: ['Boundary'], constraints: perHour(3), prior: [once('00:10:00', { times: 3 })], retryAfterSeconds: 1800 })),
      denied('con-1-exactly-fifty', 'The fifty-first of fifty', quotaSpent, quota({ verifies: ['CON-1', 'QTA-4'], constraints: perHour(50), prior: [once('00:00:00', { times: 25 }), once('00:29:59.999', { times: 25 })], retryAfterSeconds: 1800 })),
      denied('con-1-zero', 'A limit of 0 admits nothing', quotaSpent, quota({ flags: ['Boundary'], constraints: perHour(0) })),
      allowed('con-1-largest', 'The largest limit', quota({ flags: ['Boundary'], constraints: perHour(Number.MAX_SAFE_INTEGER) })),
      denied('con-1-hour-last-millisecond', 'The last millisecond of the hour', quotaSpent, quota({ flags: ['WindowKind', 'Boundary'], constraints: perHour(1), prior: [once('00:00:00')], at: today('00:59:59.999'), retryAfterSeconds: 1 })),
      allowed('con-1-hour-next', 'The next hour begins, a millisecond later', quota({ flags: ['WindowKind', 'Boundary'], constraints: perHour(1), prior: [once('00:59:59.999')], at: today('01:00:00') })),
      denied('con-1-hour-not-sliding', 'An hour that began full stays full', quotaSpent, quota({ flags: ['WindowKind'], constraints: perHour(1), prior: [once('00:00:00')], at: today('00:59:00'), retryAfterSeconds: 60 })),
      denied('con-1-day-last-second', 'The last second of the day', quotaSpent, quota({ flags: ['WindowKind', 'Boundary'], constraints: { max_requests_per_day: 2 }, prior: [once('00:00:00'), once('12:00:00')], at: today('23:59:59'), retryAfterSeconds: 1 })),
      allowed('con-1-day-next', 'The next day in UTC', quota({ flags: ['WindowKind', 'Boundary'], constraints: { max_requests_per_day: 2 }, prior: [once('23:59:59', { times: 2 })], at: on(2, '00:00:00') })),
      denied('con-1-minute-slides', 'A minute that began 50 s ago', quotaSpent, quota({ flags: ['WindowKind'], constraints: perMinute(2), prior: [once('00:29:10'), once('00:29:40')], retryAfterSeconds: 10 })),
      denied('con-1-minute-over-the-clock', 'A minute slides over the minute of the clock', quotaSpent, quota({ flags: ['WindowKind'], constraints: perMinute(2), prior: [once('00:29:59', { times: 2 })], retryAfterSeconds: 59 })),
      allowed('con-1-minute-gone', 'Exactly a minute later', quota({ flags: ['WindowKind', 'Boundary'], constraints: perMinute(1), prior: [once('00:29:00')] })),
      denied('con-1-minute-not-gone', 'A millisecond less than a minute later', quotaSpent, quota({ flags: ['WindowKind', 'Boundary'], constraints: perMinute(1), prior: [once('00:29:00')], at: today('00:29:59.999'), retryAfterSeconds: 1 })),
      allowed('con-1-minute-one-gone', 'Of two the older one is gone', quota({ flags: ['WindowKind'], constraints: perMinute(2), prior: [once('00:29:00'), once('00:29:30')] })),
      denied('con-1-second-slides', 'Half a second later', quotaSpent, quota({ flags: ['WindowKind'], constraints: { max_requests_per_second: 1 }, prior: [once('00:29:59.500')], retryAfterSeconds: 1 })),
      allowed('con-1-second-gone', 'A second later', quota({ flags: ['WindowKind', 'Boundary'], constraints: { max_requests_per_second: 1 }, prior: [once('00:29:59')] })),
      denied('con-1-two-windows-full', 'Two windows are full: wait for the later one', quotaSpent, quota({ constraints: { ...perMinute(2), ...perHour(2) }, prior: [once('00:29:50', { times: 2 })], retryAfterSeconds: 1800 })),
      denied('con-1-two-windows-one-full', 'Two windows, one is full', quotaSpent, quota({ constraints: { ...perMinute(2), ...perHour(50) }, prior: [once('00:29:50', { times: 2 })], retryAfterSeconds: 50 })),
      allowed('con-1-hour-after-a-full-one', 'The last hour was full, this one is new', quota({ flags: ['WindowKind'], constraints: perHour(2), prior: [once('00:30:00', { times: 3 })], at: today('01:15:00') })),
      ...[['string', '50'], ['fraction', 1.5], ['negative', -1], ['unsafe', 2 ** 53], ['true', true], ['array', [50]], ['object', { limit: 50 }]].map(([name, value]) =>
        denied(`con-1-malformed-${name}`, `The limit is ${JSON.stringify(value)}`, violation('CON-1'), quota({ verifies: ['CON-1', 'TOK-10'], flags: ['MalformedConstraint'], constraints: perHour(value) }))),
    ],
  },

  things: {
    description: 'Drafts count one an attempt, as requests do; of any other thing the route says how many.',
    verifies: ['CON-1'],
    cases: [
      allowed('con-1-drafts', 'The last draft of the day', quota({ flags: ['Boundary'], constraints: { max_drafts_per_day: 10 }, prior: [once('00:10:00', { times: 9 })] })),
      denied('con-1-drafts-spent', 'One draft too many', quotaSpent, quota({ flags: ['Boundary'], constraints: { max_drafts_per_day: 10 }, prior: [once('00:10:00', { times: 10 })], retryAfterSeconds: 84600 })),
      allowed('con-1-quantity', 'Three e-mails and then two, of five', quota({ flags: ['Boundary'], constraints: { max_emails_per_hour: 5 }, prior: [once('00:10:00', { facts: emails(3) })], facts: emails(2) })),
      denied('con-1-quantity-spent', 'Three e-mails and then three, of five', quotaSpent, quota({ flags: ['Boundary'], constraints: { max_emails_per_hour: 5 }, prior: [once('00:10:00', { facts: emails(3) })], facts: emails(3), retryAfterSeconds: 1800 })),
      denied('con-1-quantity-too-large', 'More than would ever fit', quotaSpent, quota({ constraints: { max_emails_per_hour: 5 }, facts: emails(6) })),
      allowed('con-1-quantity-refused-not-counted', 'What did not fit was not counted', quota({ verifies: ['CON-1', 'QTA-2'], constraints: { max_emails_per_hour: 5 }, prior: [once('00:10:00', { facts: emails(6) })], facts: emails(5) })),
      denied('con-1-quantity-slides', 'Quantities in a sliding minute', quotaSpent, quota({ flags: ['WindowKind'], constraints: { max_emails_per_minute: 5 }, prior: [once('00:29:10', { facts: emails(2) }), once('00:29:40', { facts: emails(3) })], facts: emails(3), retryAfterSeconds: 40 })),
      denied('con-1-quantity-none-of-zero', 'No e-mail at all, of none', quotaSpent, quota({ flags: ['Boundary'], constraints: { max_emails_per_hour: 0 }, facts: emails(0) })),
      denied('con-1-quantity-missing', 'The route does not say how many', violation('CON-1'), quota({ verifies: ['CON-1', 'CAP-6'], flags: ['MissingFact'], constraints: { max_emails_per_hour: 5 } })),
      denied('con-1-quantity-of-another-thing', 'The route says how many of something else', violation('CON-1'), quota({ verifies: ['CON-1', 'CAP-6'], flags: ['MissingFact'], constraints: { max_emails_per_hour: 5 }, facts: { quantities: { letters: 1 } } })),
      denied('con-1-quantity-prototype', 'The thing is a member of Object.prototype', violation('CON-1'), quota({ verifies: ['CON-1', 'CAP-6'], flags: ['MissingFact', 'PrototypePollution'], constraints: { max_constructor_per_hour: 5 }, facts: emails(1) })),
      denied('con-1-quantity-negative', 'A negative quantity does not refill', violation('CON-1'), quota({ verifies: ['CON-1', 'CAP-6'], flags: ['QuotaReset'], constraints: { max_emails_per_hour: 5 }, facts: emails(-5) })),
      denied('con-1-quantity-fraction', 'A fraction', violation('CON-1'), quota({ verifies: ['CON-1', 'CAP-6'], constraints: { max_emails_per_hour: 5 }, facts: emails(0.5) })),
      denied('con-1-quantity-string', 'A string', violation('CON-1'), quota({ verifies: ['CON-1', 'CAP-6'], flags: ['TypeConfusion'], constraints: { max_emails_per_hour: 5 }, facts: emails('1') })),
      allowed('con-1-counted-per-request', 'Another thing that counts one an attempt', quota({ server: { countedPerRequest: ['emails'] }, constraints: { max_emails_per_hour: 2 }, prior: [once('00:10:00')] })),
      denied('con-1-counted-per-request-spent', 'Another thing that counts one an attempt, spent', quotaSpent, quota({ server: { countedPerRequest: ['emails'] }, constraints: { max_emails_per_hour: 2 }, prior: [once('00:10:00', { times: 2 })], retryAfterSeconds: 1800 })),
    ],
  },

  keys: {
    description: 'What a quota is counted by: issuer, token id, capability and constraint.',
    verifies: ['QTA-1'],
    cases: [
      allowed('qta-1-other-token', 'Another token of the same agent spent its own', quota({ constraints: perHour(1), prior: [once('00:10:00', { token: { jti: 'qta-1-other-token-first' } })] })),
      denied('qta-1-reissued-token', 'A token of the same id that lives longer', quotaSpent, quota({
        verifies: ['QTA-1', 'TOK-9'], flags: ['QuotaReset'], constraints: perHour(1), prior: [once('00:10:00', { token: { claims: { exp: issuedAt + 86400 } } })], retryAfterSeconds: 1800,
      })),
      denied('qta-1-twin-signature', 'The same token with the other spelling of its signature', quotaSpent, quota({
        verifies: ['QTA-1', 'TOK-9'], flags: ['QuotaReset', 'ReSpelledSignature'], constraints: perHour(1), prior: [once('00:10:00', { token: {} })],
        compact: ({ signingInput, signature }) => `${signingInput}.${base64url(twin(signature()))}`, retryAfterSeconds: 1800,
      })),
      denied('qta-1-other-scheme-case', 'The same token, its scheme in another case', quotaSpent, quota({ flags: ['QuotaReset'], constraints: perHour(1), prior: [once('00:10:00')], headers: [['authorization', 'BEARER {jwt}']], retryAfterSeconds: 1800 })),
      denied('qta-1-other-query', 'Another path and query', quotaSpent, quota({ flags: ['QuotaReset'], constraints: perHour(1), prior: [once('00:10:00', { request: { url: '/search?page=1' } })], request: { url: '/search?page=2' }, retryAfterSeconds: 1800 })),
      allowed('qta-1-other-issuer', 'A token of the same id from another issuer', quota({
        constraints: perHour(1), server: { otherIssuers: [{ issuer: 'https://other.example.com', jwks: 'keys/other-issuer.json' }] },
        prior: [once('00:10:00', { token: { key: ['other-issuer', 'es256-1'], claims: { ...twoDays, iss: 'https://other.example.com' } } })],
      })),
      allowed('qta-1-other-action', 'Another action spent its own', quota({
        capabilities: [search(perHour(1)), { action: 'cms.draft', constraints: perHour(1) }], prior: [once('00:10:00', { request: { method: 'POST', url: '/drafts', action: 'cms.draft' } })],
      })),
      allowed('qta-1-other-constraint', 'Requests and drafts are counted apart', quota({
        constraints: { max_drafts_per_hour: 1, max_requests_per_hour: 2 }, prior: [once('00:10:00', { token: { jti: 'qta-1-other-constraint-first' } })],
      })),
      allowed('qta-1-position', 'Two capabilities for one action are counted apart', quota({
        capabilities: [onHost('example.org', perHour(1)), onHost('example.net', perHour(1))], prior: [once('00:10:00', { facts: target('example.org') })], facts: target('example.net'), audit: { capability_index: 1 },
      })),
    ],
  },

  counting: {
    description: 'Which attempts count, and on which capability.',
    verifies: ['QTA-2'],
    cases: [
      denied('qta-2-refused-counts', 'An attempt that another constraint refused counts', quotaSpent, quota({
        constraints: { domains_allowed: ['example.org'], ...perHour(1) }, prior: [once('00:10:00', { facts: target('example.net') })], facts: target('example.org'), retryAfterSeconds: 1800, verifies: ['QTA-2'],
      })),
      denied('qta-2-refusal-keeps-its-code', 'A refusal by another constraint keeps its code when the quota is spent', [403, 'aap_domain_not_allowed', 'CON-2'], quota({
        verifies: ['QTA-2', 'CON-2'], constraints: { domains_allowed: ['example.org'], ...perHour(1) }, prior: [once('00:10:00', { facts: target('example.org') })], facts: target('example.net'),
      })),
      allowed('qta-2-full-not-counted', 'A request that found its window full was not counted in it', quota({ flags: ['WindowKind'], constraints: perMinute(1), prior: [once('00:29:10'), once('00:29:50')], at: today('00:30:10') })),
      allowed('qta-2-all-or-nothing', 'A request that found one window full was not counted in the other', quota({ constraints: { ...perMinute(1), ...perHour(2) }, prior: [once('00:10:00'), once('00:10:10', { times: 5 })] })),
      allowed('qta-2-no-approval', 'A refusal for a missing approval does not count', quota({
        verifies: ['QTA-2', 'CON-11'], constraints: { require_approval_threshold: 100, ...perHour(1) }, prior: [once('00:10:00', { times: 3, facts: { amount: 500 } })], facts: { amount: 50 },
      })),
      allowed('qta-2-task-mismatch', 'A refusal by the task does not count', quota({ constraints: perHour(1), prior: [once('00:10:00', { times: 3, facts: { purposes: ['translation'] } })], facts: { purposes: ['research_and_draft_article'] } })),
      allowed('qta-2-context', 'A refusal by the context does not count', quota({ claims: { ...twoDays, aap_context: { network_zone: 'internal' } }, constraints: perHour(1), prior: [once('00:10:00', { times: 3, facts: { zone: 'dmz' } })], facts: { zone: 'internal' } })),
      allowed('qta-2-not-authenticated', 'A token that is not valid yet does not count', quota({ claims: { ...twoDays, nbf: issuedAt + 1500 }, constraints: perHour(1), prior: [once('00:10:00', { times: 3 })] })),
      allowed('qta-2-other-action-refused', 'An action without capability does not count', quota({ constraints: perHour(1), prior: [once('00:10:00', { times: 3, request: { action: 'cms.publish' } })] })),
      allowed('qta-2-admitting-capability', 'The capability that admits is charged, not the first', quota({
        capabilities: [onHost('example.org', perHour(1)), onHost('example.net', perHour(5))], prior: [once('00:10:00', { times: 3, facts: target('example.net') })], facts: target('example.org'),
      })),
      denied('qta-2-first-capability-charged', 'Where none admits, the first is charged', quotaSpent, quota({
        capabilities: [onHost('example.org', perHour(1)), onHost('example.net', perHour(1))], prior: [once('00:10:00', { facts: target('example.com') })], facts: target('example.org'), retryAfterSeconds: 1800, verifies: ['QTA-2', 'CAP-3'],
      })),
      allowed('qta-2-second-not-charged', 'Where none admits, the second is not charged', quota({
        capabilities: [onHost('example.org', perHour(1)), onHost('example.net', perHour(1))], prior: [once('00:10:00', { times: 3, facts: target('example.com') })], facts: target('example.net'), audit: { capability_index: 1 },
      })),
      allowed('qta-2-next-alternative', 'The quota of the first is spent, the second admits', quota({
        verifies: ['QTA-2', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [search(perHour(1)), search(perMinute(5))], prior: [once('00:10:00')], audit: { capability_index: 1 },
      })),
      denied('qta-2-alternatives-spent', 'All are spent: wait for the sooner one', quotaSpent, quota({
        verifies: ['QTA-2', 'CAP-3', 'CON-1'], flags: ['AlternativeCapability'], capabilities: [search(perHour(1)), search(perMinute(1))], prior: [once('00:29:30', { times: 2 })], retryAfterSeconds: 30,
      })),
      allowed('qta-3-no-tolerance', 'A new hour begins without the tolerance of tokens', quota({ verifies: ['QTA-3'], flags: ['TolerancePlaced'], server: { clockTolerance: 300 }, constraints: perHour(1), prior: [once('00:59:59')], at: today('01:00:00') })),
      denied('qta-3-no-tolerance-before', 'An hour does not end early by the tolerance of tokens', quotaSpent, quota({ verifies: ['QTA-3', 'CON-1'], flags: ['TolerancePlaced'], server: { clockTolerance: 300 }, constraints: perHour(1), prior: [once('00:00:00')], at: today('00:58:00'), retryAfterSeconds: 120 })),
    ],
  },
}
