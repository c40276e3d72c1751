import { allowed, denied, invalidToken } from '../case.mjs'

const outside = [403, 'aap_invalid_context', 'CTX-1']
const context = (aap_context, facts) => ({ claims: { aap_context }, facts })
const window = (start, end) => context({ time_window: { start, end } })

export const files = {
  context: {
    description: 'Where and when a token may be used, against facts that the server supplies.',
    verifies: ['CTX-1'],
    cases: [
      allowed('ctx-1-window-inside', 'Inside the window', window('2025-01-01T00:00:00Z', '2025-01-01T01:00:00Z')),
      allowed('ctx-1-window-start', 'At the start of the window', { flags: ['Boundary'], ...window('2025-01-01T00:30:00Z', '2025-01-01T01:00:00Z') }),
      denied('ctx-1-window-before', 'A second before the window', outside, { flags: ['Boundary', 'TolerancePlaced'], ...window('2025-01-01T00:30:01Z', '2025-01-01T01:00:00Z') }),
      denied('ctx-1-window-end', 'At the end of the window', outside, { flags: ['Boundary', 'TolerancePlaced'], ...window('2025-01-01T00:00:00Z', '2025-01-01T00:30:00Z') }),
      denied('ctx-1-window-offset', 'The window is over, by its offset', outside, window('2025-01-01T00:00:00+02:00', '2025-01-01T02:00:00+02:00')),
      allowed('ctx-1-zone', 'The same zone', context({ network_zone: 'internal' }, { zone: 'internal' })),
      denied('ctx-1-zone-other', 'Another zone', outside, context({ network_zone: 'internal' }, { zone: 'dmz' })),
      denied('ctx-1-zone-unknown', 'The server knows no zone', outside, { flags: ['MissingFact'], ...context({ network_zone: 'internal' }) }),
      denied('ctx-1-zone-in-header', 'A header names the zone', outside, { flags: ['MissingFact', 'ClientControlledFact'], ...context({ network_zone: 'internal' }), headers: [['Authorization', 'Bearer {jwt}'], ['X-Network-Zone', 'internal']] }),
      allowed('ctx-1-country', 'One of the countries', context({ geo_restriction: ['DE', 'FR'] }, { country: 'FR' })),
      allowed('ctx-1-country-string', 'The only country', context({ geo_restriction: 'DE' }, { country: 'DE' })),
      denied('ctx-1-country-other', 'Another country', outside, context({ geo_restriction: ['DE', 'FR'] }, { country: 'US' })),
      denied('ctx-1-country-unknown', 'The server knows no country', outside, { flags: ['MissingFact'], ...context({ geo_restriction: ['DE'] }) }),
      denied('ctx-1-country-substring', 'A country whose code is inside the only one', outside, { flags: ['PrefixConfusion'], ...context({ geo_restriction: 'DE' }, { country: 'D' }) }),
      allowed('ctx-1-country-none', 'none means no restriction', context({ geo_restriction: 'none' })),
      denied('ctx-1-zone-case', 'The zone in another case', outside, context({ network_zone: 'internal' }, { zone: 'Internal' })),
      denied('ctx-1-zone-prefix', 'A zone that begins alike', outside, { flags: ['PrefixConfusion'], ...context({ network_zone: 'internal' }, { zone: 'internal-guests' }) }),
      denied('ctx-1-zone-several', 'The server names several zones', outside, { flags: ['TypeConfusion'], ...context({ network_zone: 'internal' }, { zone: ['internal', 'dmz'] }) }),
      denied('ctx-1-country-empty', 'An empty list of countries', outside, { flags: ['EmptyIsNotUnlimited'], ...context({ geo_restriction: [] }, { country: 'DE' }) }),
      denied('ctx-1-country-none-case', 'none in another case is no country', outside, context({ geo_restriction: 'NONE' }, { country: 'DE' })),
      denied('ctx-1-country-in-header', 'Headers name the country', outside, { flags: ['MissingFact', 'ClientControlledFact'], ...context({ geo_restriction: 'DE' }), headers: [['Authorization', 'Bearer {jwt}'], ['CF-IPCountry', 'DE'], ['X-Country', 'DE']] }),
      ...[
        ['no-end', 'The window has no end', { start: '2025-01-01T00:00:00Z' }],
        ['no-start', 'The window has no start', { end: '2025-01-02T00:00:00Z' }],
        ['reversed', 'The window ends before it starts', { start: '2025-01-02T00:00:00Z', end: '2025-01-01T00:00:00Z' }],
        ['february-30', 'The window ends on a day that does not exist', { start: '2025-01-01T00:00:00Z', end: '2025-02-30T00:00:00Z' }],
        ['no-offset', 'The window has no offset', { start: '2025-01-01T00:00:00', end: '2025-01-02T00:00:00' }],
      ].map(([name, title, time_window]) => denied(`ctx-1-window-${name}`, title, invalidToken('TOK-10'), { verifies: ['CTX-1', 'TOK-10'], flags: ['MalformedConstraint'], ...context({ time_window }) })),
      denied('ctx-1-one-of-two', 'The zone is right, the country is not', outside, context({ network_zone: 'internal', geo_restriction: ['DE'] }, { zone: 'internal', country: 'US' })),
      allowed('ctx-1-all', 'Window, zone and country', context({ time_window: { start: '2025-01-01T00:00:00Z', end: '2025-01-02T00:00:00Z' }, network_zone: 'internal', geo_restriction: ['DE'] }, { zone: 'internal', country: 'DE' })),
    ],
  },
}
