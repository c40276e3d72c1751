import { allowed, denied, violation } from '../case.mjs'

const domainDenied = [403, 'aap_domain_not_allowed', 'CON-2']
const on = (...domains_allowed) => ({ domains_allowed })
const off = (...domains_blocked) => ({ domains_blocked })

/** Rows of name, title, target, constraints and flags. */
const targets = (verdict, rows) => rows.map(([name, title, target, constraints = on('example.org'), flags = []]) =>
  (verdict === 'allow' ? allowed(`con-2-${name}`, title, { flags, constraints, facts: { target } }) : denied(`con-2-${name}`, title, domainDenied, { flags, constraints, facts: { target } })))

const labels = (length) => {
  const tail = '.example.org'
  const room = length - tail.length
  return 'a'.repeat(room).replace(/.{50}(?=.)/g, `${'a'.repeat(49)}.`) + tail
}

const addresses = (target, addressList) => ({ target, ...(addressList && { addresses: addressList }) })
const ranges = (...ip_ranges_allowed) => ({ ip_ranges_allowed })

const window = (start, end) => ({ constraints: { time_window: { start, end } } })
const capabilityExpired = [403, 'aap_capability_expired', 'CON-4']

const tooLarge = [413, 'request_too_large', 'CON-6']
const chunked = [['Authorization', 'Bearer {jwt}'], ['Transfer-Encoding', 'chunked']]
const approval = [403, 'aap_approval_required', 'CON-11']
const delegated = (depth) => ({ aap_delegation: depth === 0 ? { depth, max_depth: 10 } : { depth, max_depth: 10, chain: Array.from({ length: depth }, (_, hop) => ({ sub: `agent-${hop + 1}` })) } })

/** Values that make a constraint malformed, whatever the facts are. */
const malformed = (rule, constraint, facts, rows, changes) => rows.map(([name, value]) =>
  denied(`${rule.toLowerCase()}-malformed-${name}`, `The value of ${constraint} is ${JSON.stringify(value)}`, violation(rule), { verifies: [rule, 'TOK-10'], flags: ['MalformedConstraint'], constraints: { [constraint]: value }, facts, ...changes }))

export const files = {
  domains: {
    description: 'domains_allowed and domains_blocked against the target of the action. Unless a case says otherwise, example.org is allowed.',
    verifies: ['CON-2'],
    cases: [
      ...targets('allow', [
        ['exact', 'The host itself', 'https://example.org/a?b=c#d'],
        ['subdomain', 'A subdomain', 'https://www.example.org/'],
        ['deep-subdomain', 'A deep subdomain', 'https://a.b.c.example.org/'],
        ['http', 'http', 'http://example.org/'],
        ['scheme-case', 'The scheme in upper case', 'HTTPS://example.org/'],
        ['host-case', 'The host in upper case', 'https://EXAMPLE.Org/'],
        ['port', 'A port', 'https://example.org:8443/'],
        ['trailing-dot', 'One trailing dot', 'https://example.org./'],
        ['no-path', 'No path', 'https://example.org'],
        ['at-in-path', 'An @ in the path is no credential', 'https://example.org/@ada'],
        ['entry-case', 'The entry in upper case', 'https://example.org/', on('EXAMPLE.ORG')],
        ['entry-trailing-dot', 'The entry with a trailing dot', 'https://example.org/', on('example.org.')],
        ['entry-unicode', 'A Unicode entry, the target in ASCII', 'https://xn--bcher-kva.example/', on('b\u00fccher.example')],
        ['target-unicode', 'A Unicode target, the entry in ASCII', 'https://b\u00fccher.example/', on('xn--bcher-kva.example'), ['UnicodeHost']],
        ['fullwidth-letters', 'Full-width letters, which the parser maps', 'https://\uff45xample.org/', on('example.org'), ['UnicodeHost']],
        ['ideographic-dot', 'An ideographic full stop, which the parser maps', 'https://www\u3002example.org/', on('example.org'), ['UnicodeHost']],
        ['percent-encoded-subdomain', 'A percent-encoded dot, which the parser decodes to a subdomain', 'https://www%2eexample.org/', on('example.org'), ['UrlParserDifferential']],
        ['second-entry', 'The second entry matches', 'https://en.wikipedia.org/', on('example.org', 'wikipedia.org')],
        ['longest', 'A host of 253 octets', `https://${labels(253)}/`, on('example.org'), ['Boundary']],
        ['longest-trailing-dot', 'A host of 253 octets and its trailing dot', `https://${labels(253)}./`, on('example.org'), ['Boundary']],
        ['ipv4', 'An IPv4 address that is listed', 'http://192.0.2.1/', on('192.0.2.1')],
        ['ipv6', 'An IPv6 address that is listed', 'http://[2001:db8::1]/', on('2001:db8::1')],
        ['ipv6-spelling', 'An IPv6 address that is listed in another spelling', 'http://[2001:DB8:0:0:0:0:0:1]/', on('2001:db8::1')],
        ['blocked-other', 'Another host is blocked', 'https://example.org/', off('evil.test')],
        ['blocked-parent-not', 'A subdomain is blocked, the target is its parent', 'https://example.org/', off('www.example.org')],
        ['blocked-subdomain-sibling', 'A sibling of the target is blocked', 'https://www.example.org/', { ...on('example.org'), ...off('internal.example.org') }],
        ['blocked-empty', 'An empty block-list', 'https://example.org/', off()],
        ['malformed-entry-beside-good', 'A malformed entry of the allow-list beside a good one', 'https://example.org/', on('*', 'example.org')],
      ]),
      ...targets('deny', [
        ['other', 'Another host', 'https://example.net/'],
        ['suffix-without-dot', 'A host that ends with the same letters', 'https://notexample.org/', on('example.org'), ['SuffixConfusion']],
        ['longer', 'The allowed host is a prefix', 'https://example.org.evil.test/', on('example.org'), ['PrefixConfusion']],
        ['parent', 'The parent of the allowed host', 'https://example.org/', on('www.example.org')],
        ['top-level', 'The top level alone', 'https://org/'],
        ['allowed-host-in-path', 'The allowed host in the path', 'https://evil.test/example.org', on('example.org'), ['UrlParserDifferential']],
        ['allowed-host-in-query', 'The allowed host in the query', 'https://evil.test?https://example.org/', on('example.org'), ['UrlParserDifferential']],
        ['allowed-host-in-fragment', 'The allowed host in the fragment', 'https://evil.test#.example.org', on('example.org'), ['UrlParserDifferential']],
        ['allowed-host-as-user', 'The allowed host as a user name', 'https://example.org@evil.test/', on('example.org'), ['UrlParserDifferential']],
        ['allowed-host-as-password', 'The allowed host as a password', 'https://user:example.org@evil.test/', on('example.org'), ['UrlParserDifferential']],
        ['fragment-before-at', 'A fragment before an @', 'https://evil.test:443#@example.org/', on('example.org'), ['UrlParserDifferential']],
        ['credentials', 'A user name before the allowed host', 'https://user@example.org/', on('example.org'), ['UrlParserDifferential']],
        ['credentials-both', 'A user name and a password before the allowed host', 'https://user:secret@example.org/', on('example.org'), ['UrlParserDifferential']],
        ['backslash-in-authority', 'A backslash before an @', 'https://evil.test\\@example.org/', on('example.org'), ['UrlParserDifferential']],
        ['backslash-after-host', 'A backslash after the allowed host', 'https://example.org\\@evil.test/', on('example.org'), ['UrlParserDifferential']],
        ['backslashes-for-slashes', 'Backslashes for slashes', 'https:\\\\example.org/', on('example.org'), ['UrlParserDifferential']],
        ['backslash-in-query', 'A backslash in the query', 'https://example.org/?q=a\\b', on('example.org'), ['UrlParserDifferential']],
        ['one-slash', 'One slash after the scheme', 'https:/example.org/', on('example.org'), ['UrlParserDifferential']],
        ['no-slash', 'No slash after the scheme', 'https:example.org/', on('example.org'), ['UrlParserDifferential']],
        ['no-scheme', 'No scheme', '//example.org/', on('example.org'), ['UrlParserDifferential']],
        ['bare-host', 'A host without anything', 'example.org'],
        ['ftp', 'Another scheme', 'ftp://example.org/'],
        ['file', 'A file', 'file://example.org/etc/passwd'],
        ['javascript', 'A script', 'javascript://example.org/%0Aalert(1)'],
        ['web-socket', 'A web socket', 'wss://example.org/'],
        ['leading-space', 'A space in front', ' https://example.org/', on('example.org'), ['UrlParserDifferential']],
        ['trailing-space', 'A space at the end', 'https://example.org/ ', on('example.org'), ['UrlParserDifferential']],
        ['space-in-path', 'A space in the path', 'https://example.org/a b', on('example.org'), ['UrlParserDifferential']],
        ['tab-in-host', 'A tab in the host, which parsers remove', 'https://exam\tple.org/', on('example.org'), ['UrlParserDifferential']],
        ['newline', 'A newline in the path', 'https://example.org/\n', on('example.org'), ['UrlParserDifferential']],
        ['line-break-in-scheme', 'A line break in the scheme', 'ht\r\ntps://example.org/', on('example.org'), ['UrlParserDifferential']],
        ['nul', 'U+0000 in the path', 'https://example.org/\u0000', on('example.org'), ['UrlParserDifferential']],
        ['percent-encoded-dot', 'A percent-encoded dot, which the parser decodes', 'https://example.org%2eevil.test/', on('example.org'), ['UrlParserDifferential']],
        ['percent-encoded-slash', 'A percent-encoded slash in the host', 'https://evil.test%2f.example.org/', on('example.org'), ['UrlParserDifferential']],
        ['percent-encoded-at', 'A percent-encoded @ in the host', 'https://example.org%40evil.test/', on('example.org'), ['UrlParserDifferential']],
        ['percent-encoded-nul', 'A percent-encoded U+0000 in the host', 'https://evil.test%00.example.org/', on('example.org'), ['UrlParserDifferential']],
        ['fullwidth-slash', 'A full-width slash in the host', 'https://evil.test\uff0f.example.org/', on('example.org'), ['UnicodeHost', 'UrlParserDifferential']],
        ['homograph', 'A Cyrillic letter in the host', 'https://ex\u0430mple.org/', on('example.org'), ['UnicodeHost']],
        ['empty-label', 'An empty label', 'https://a..example.org/'],
        ['leading-dot', 'A leading dot', 'https://.example.org/'],
        ['two-trailing-dots', 'Two trailing dots', 'https://example.org../'],
        ['too-long', 'A host of 254 octets', `https://${labels(254)}/`, on('example.org'), ['Boundary']],
        ['empty', 'An empty target', ''],
        ['scheme-only', 'No host', 'https://'],
        ['two-targets', 'A repeated parameter, the allowed one first', ['https://example.org/', 'https://evil.test/'], on('example.org'), ['RepeatedParameter', 'TypeConfusion']],
        ['one-in-array', 'One target in an array', ['https://example.org/'], on('example.org'), ['TypeConfusion']],
        ['number', 'A number', 1, on('example.org'), ['TypeConfusion']],
        ['missing', 'No target', undefined, on('example.org'), ['MissingFact']],
        ['missing-for-block-list', 'No target for a block-list', undefined, off('evil.test'), ['MissingFact']],
        ['ipv4-decimal', 'An IPv4 address as one number', 'http://2130706433/', on('127.0.0.1'), ['AmbiguousIpNotation']],
        ['ipv4-hexadecimal', 'An IPv4 address in hexadecimal', 'http://0x7f.0.0.1/', on('127.0.0.1'), ['AmbiguousIpNotation']],
        ['ipv4-octal', 'An IPv4 address in octal', 'http://0177.0.0.1/', on('127.0.0.1'), ['AmbiguousIpNotation']],
        ['ipv4-short', 'A shortened IPv4 address', 'http://127.1/', on('127.0.0.1'), ['AmbiguousIpNotation']],
        ['ipv4-leading-zero', 'A leading zero in an IPv4 address', 'http://127.0.0.01/', on('127.0.0.1'), ['AmbiguousIpNotation']],
        ['ipv4-decimal-block-list', 'An IPv4 address as one number, past a block-list', 'http://2130706433/', off('127.0.0.1'), ['AmbiguousIpNotation']],
        ['ipv4-short-block-list-of-another', 'A shortened IPv4 address, whatever is blocked', 'http://127.1/', off('evil.test'), ['AmbiguousIpNotation']],
        ['ipv4-suffix', 'An address is no suffix of another', 'http://10.192.0.2/', on('192.0.2'), ['SuffixConfusion']],
        ['ipv4-other', 'Another address', 'http://192.0.2.2/', on('192.0.2.1')],
        ['ipv6-other', 'Another IPv6 address', 'http://[2001:db8::2]/', on('2001:db8::1')],
        ['ip-for-a-name', 'An address where only a name is allowed', 'http://192.0.2.1/'],
        ['blocked', 'A blocked host', 'https://evil.test/', off('evil.test')],
        ['blocked-subdomain', 'A subdomain of a blocked host', 'https://www.evil.test/', off('evil.test')],
        ['blocked-and-allowed', 'Blocked and allowed: blocked first', 'https://example.org/', { ...on('example.org'), ...off('example.org') }],
        ['blocked-inside-allowed', 'A blocked subdomain of an allowed host', 'https://internal.example.org/', { ...on('example.org'), ...off('internal.example.org') }],
        ['blocked-spelling', 'A blocked host in upper case with a trailing dot', 'https://EVIL.test./', off('evil.test')],
        ['blocked-unicode', 'A blocked host in Unicode', 'https://b\u00fccher.example/', off('xn--bcher-kva.example'), ['UnicodeHost']],
        ['blocked-ipv6-spelling', 'A blocked IPv6 address in another spelling', 'http://[2001:db8:0::1]/', off('2001:db8::1')],
        ['blocked-not-allowed', 'Not blocked, and not allowed either', 'https://example.net/', { ...on('example.org'), ...off('evil.test') }],
        ['allowed-empty', 'An empty allow-list', 'https://example.org/', on(), ['EmptyIsNotUnlimited']],
        ...[['star', '*'], ['wildcard', '*.example.org'], ['leading-dot-entry', '.example.org'], ['url-entry', 'https://example.org'], ['port-entry', 'example.org:443'], ['path-entry', 'example.org/'], ['empty-entry', '']]
          .flatMap(([name, entry]) => [
            [`allowed-${name}`, `The entry ${JSON.stringify(entry)} of an allow-list matches nothing`, 'https://www.example.org/', on(entry), ['MalformedConstraint']],
            [`blocked-${name}`, `The entry ${JSON.stringify(entry)} of a block-list makes it deny`, 'https://unrelated.test/', off(entry), ['MalformedConstraint']],
          ]),
        ['blocked-malformed-beside-good', 'A malformed entry of the block-list beside a good one', 'https://unrelated.test/', off('evil.test', '*.evil.test'), ['MalformedConstraint']],
      ]),
      ...malformed('CON-2', 'domains_allowed', { target: 'https://example.org/' }, [['allowed-string', 'example.org'], ['allowed-object', { 0: 'example.org' }], ['allowed-true', true]]),
      ...malformed('CON-2', 'domains_blocked', { target: 'https://example.org/' }, [['blocked-string', 'evil.test'], ['blocked-false', false]]),
    ],
  },

  'ip-ranges': {
    description: 'ip_ranges_allowed against every address of the target.',
    verifies: ['CON-3'],
    cases: [
      ...[
        ['literal', 'A literal inside', ranges('192.0.2.0/24'), addresses('http://192.0.2.255/')],
        ['single', 'A range of one address', ranges('192.0.2.1/32'), addresses('http://192.0.2.1/')],
        ['everything', 'The range of all IPv4 addresses', ranges('0.0.0.0/0'), addresses('http://203.0.113.9/')],
        ['ipv6-literal', 'An IPv6 literal inside', ranges('2001:db8::/32'), addresses('http://[2001:db8:ffff::1]/')],
        ['ipv6-single', 'A range of one IPv6 address', ranges('2001:db8::1/128'), addresses('http://[2001:db8::1]/')],
        ['name', 'A name, all of its addresses inside', ranges('192.0.2.0/24', '2001:db8::/32'), addresses('https://example.org/', ['192.0.2.1', '192.0.2.2', '2001:db8::1'])],
        ['mapped-range', 'A mapped range means IPv4', ranges('::ffff:192.0.2.0/120'), addresses('http://192.0.2.1/')],
        ['second-range', 'The second range matches', ranges('10.0.0.0/8', '192.0.2.0/24'), addresses('http://192.0.2.1/')],
      ].map(([name, title, constraints, facts]) => allowed(`con-3-${name}`, title, { constraints, facts })),
      ...[
        ['outside', 'A literal outside', ranges('192.0.2.0/24'), addresses('http://192.0.3.0/'), ['Boundary']],
        ['outside-below', 'A literal just below', ranges('192.0.2.0/24'), addresses('http://192.0.1.255/'), ['Boundary']],
        ['name-one-outside', 'A name, one of its addresses outside', ranges('192.0.2.0/24'), addresses('https://example.org/', ['192.0.2.1', '127.0.0.1']), []],
        ['name-last-ipv6', 'A name, one of its addresses in another family', ranges('192.0.2.0/24'), addresses('https://example.org/', ['192.0.2.1', '2001:db8::1']), []],
        ['name-unresolved', 'A name without addresses', ranges('192.0.2.0/24'), addresses('https://example.org/'), ['MissingFact']],
        ['name-no-addresses', 'A name with an empty list of addresses', ranges('192.0.2.0/24'), addresses('https://example.org/', []), ['MissingFact', 'EmptyIsNotUnlimited']],
        ['name-malformed-address', 'A name with something that is no address', ranges('0.0.0.0/0', '::/0'), addresses('https://example.org/', ['192.0.2.1', 'localhost']), []],
        ['name-octal-address', 'A name with an address in octal', ranges('0.0.0.0/0'), addresses('https://example.org/', ['0177.0.0.1']), ['AmbiguousIpNotation']],
        ['no-target', 'Neither target nor addresses', ranges('0.0.0.0/0'), undefined, ['MissingFact']],
        ['literal-not-facts', 'A literal is its own address, whatever the route supplies', ranges('192.0.2.0/24'), addresses('http://127.0.0.1/', ['192.0.2.1']), ['ClientControlledFact']],
        ['empty', 'An empty list', ranges(), addresses('http://192.0.2.1/'), ['EmptyIsNotUnlimited']],
        ['ipv6-range-for-ipv4', 'All of IPv6 does not contain IPv4', ranges('::/0'), addresses('http://192.0.2.1/'), ['AmbiguousIpNotation']],
        ['ipv4-range-for-ipv6', 'All of IPv4 does not contain IPv6', ranges('0.0.0.0/0'), addresses('http://[2001:db8::1]/'), ['AmbiguousIpNotation']],
      ].map(([name, title, constraints, facts, flags]) => denied(`con-3-${name}`, title, violation('CON-3'), { flags, constraints, facts })),
      ...[
        ['no-prefix', '192.0.2.1'], ['prefix-33', '192.0.2.0/33'], ['prefix-129', '2001:db8::/129'], ['prefix-negative', '192.0.2.0/-1'], ['prefix-empty', '192.0.2.0/'], ['prefix-fraction', '192.0.2.0/24.0'],
        ['prefix-space', '192.0.2.0/ 24'], ['netmask', '192.0.2.0/255.255.255.0'], ['octal', '0300.0.2.0/24'], ['leading-zero', '192.0.02.0/24'], ['short', '192.0.2/24'], ['name', 'example.org/24'],
        ['mapped-short-prefix', '::ffff:192.0.2.0/24'], ['mapped-95', '::ffff:0.0.0.0/95'], ['star', '*'], ['empty-entry', ''],
      ].map(([name, entry]) => denied(`con-3-malformed-entry-${name}`, `One entry is ${JSON.stringify(entry)}, the other matches`, violation('CON-3'), {
        flags: ['MalformedConstraint', ...(/octal|zero|short/.test(name) ? ['AmbiguousIpNotation'] : [])], constraints: ranges('192.0.2.0/24', entry), facts: addresses('http://192.0.2.1/'),
      })),
      ...malformed('CON-3', 'ip_ranges_allowed', addresses('http://192.0.2.1/'), [['string', '192.0.2.0/24'], ['numbers', [3221225985]], ['object', {}]]),
    ],
  },

  'time-window': {
    description: 'time_window: the start is inside, the end is not, and no tolerance applies. It is 2025-01-01T00:30:00Z unless a case says otherwise.',
    verifies: ['CON-4'],
    cases: [
      allowed('con-4-inside', 'Inside', window('2025-01-01T00:00:00Z', '2025-01-31T23:59:59Z')),
      allowed('con-4-start', 'At the start', { flags: ['Boundary'], ...window('2025-01-01T00:30:00Z', '2025-01-31T23:59:59Z') }),
      denied('con-4-before', 'A second before the start', capabilityExpired, { flags: ['Boundary', 'TolerancePlaced'], ...window('2025-01-01T00:30:01Z', '2025-01-31T23:59:59Z') }),
      denied('con-4-before-fraction', 'A millisecond before the start', capabilityExpired, { flags: ['Boundary', 'TolerancePlaced'], ...window('2025-01-01T00:30:00.001Z', '2025-01-31T23:59:59Z') }),
      denied('con-4-end', 'At the end', capabilityExpired, { flags: ['Boundary', 'TolerancePlaced'], ...window('2025-01-01T00:00:00Z', '2025-01-01T00:30:00Z') }),
      allowed('con-4-end-fraction', 'A millisecond before the end', { flags: ['Boundary'], ...window('2025-01-01T00:00:00Z', '2025-01-01T00:30:00.001Z') }),
      denied('con-4-after', 'Long after', capabilityExpired, window('2024-01-01T00:00:00Z', '2024-01-31T23:59:59Z')),
      allowed('con-4-offset', 'Inside by its offset', window('2025-01-01T02:00:00+02:00', '2025-01-01T03:00:00+02:00')),
      denied('con-4-offset-before', 'Not yet, by its offset', capabilityExpired, window('2025-01-01T00:00:00-02:00', '2025-01-01T01:00:00-02:00')),
      allowed('con-4-mixed-offsets', 'Start and end with different offsets', window('2024-12-31T19:00:00-05:00', '2025-01-01T06:00:00+05:00')),
      allowed('con-4-leap-day', 'A leap day that exists', window('2024-02-29T00:00:00Z', '2026-01-01T00:00:00Z')),
      ...[
        ['no-end', 'No end', { start: '2025-01-01T00:00:00Z' }],
        ['no-start', 'No start', { end: '2025-01-31T00:00:00Z' }],
        ['empty', 'Neither end', {}],
        ['no-offset', 'The end has no offset', { start: '2025-01-01T00:00:00Z', end: '2025-01-31T00:00:00' }],
        ['date-only', 'Dates alone', { start: '2025-01-01', end: '2025-01-31' }],
        ['space', 'A space for the T', { start: '2025-01-01 00:00:00Z', end: '2025-01-31 00:00:00Z' }],
        ['february-30', 'A day that does not exist', { start: '2025-01-01T00:00:00Z', end: '2025-02-30T00:00:00Z' }],
        ['leap-day', 'A leap day that does not exist', { start: '2025-01-01T00:00:00Z', end: '2025-02-29T00:00:00Z' }],
        ['month-13', 'A month that does not exist', { start: '2025-01-01T00:00:00Z', end: '2025-13-01T00:00:00Z' }],
        ['hour-24', 'Hour 24', { start: '2025-01-01T00:00:00Z', end: '2025-01-31T24:00:00Z' }],
        ['second-60', 'Second 60', { start: '2025-01-01T00:00:00Z', end: '2025-06-30T23:59:60Z' }],
        ['no-seconds', 'No seconds', { start: '2025-01-01T00:00Z', end: '2025-01-31T00:00Z' }],
        ['epoch', 'Epoch seconds', { start: 1735689600, end: 1738281600 }],
        ['equal', 'Start and end are equal', { start: '2025-01-01T00:30:00Z', end: '2025-01-01T00:30:00Z' }],
        ['reversed', 'The end is before the start', { start: '2025-01-31T00:00:00Z', end: '2025-01-01T00:00:00Z' }],
        ['equal-by-offset', 'Start and end are equal, by their offsets', { start: '2025-01-01T00:30:00Z', end: '2025-01-01T02:30:00+02:00' }],
        ['string', 'A string', '2025-01-01T00:00:00Z/2025-01-31T00:00:00Z'],
        ['array', 'An array', ['2025-01-01T00:00:00Z', '2025-01-31T00:00:00Z']],
      ].map(([name, title, time_window]) => denied(`con-4-malformed-${name}`, title, violation('CON-4'), { verifies: ['CON-4', 'TOK-10'], flags: ['MalformedConstraint'], constraints: { time_window } })),
    ],
  },

  methods: {
    description: 'allowed_methods: the real method, compared exactly.',
    verifies: ['CON-5'],
    cases: [
      allowed('con-5-allowed', 'An allowed method', { constraints: { allowed_methods: ['POST', 'GET'] } }),
      denied('con-5-other', 'Another method', violation('CON-5'), { constraints: { allowed_methods: ['GET'] }, request: { method: 'DELETE' } }),
      denied('con-5-head-is-not-get', 'HEAD is not GET', violation('CON-5'), { constraints: { allowed_methods: ['GET'] }, request: { method: 'HEAD' } }),
      denied('con-5-lower-case-request', 'The method in lower case', violation('CON-5'), { constraints: { allowed_methods: ['GET'] }, request: { method: 'get' } }),
      denied('con-5-lower-case-entry', 'The entry in lower case', violation('CON-5'), { constraints: { allowed_methods: ['get'] } }),
      denied('con-5-empty', 'An empty list', violation('CON-5'), { flags: ['EmptyIsNotUnlimited'], constraints: { allowed_methods: [] } }),
      denied('con-5-star', 'A wildcard', violation('CON-5'), { constraints: { allowed_methods: ['*'] } }),
      ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map((name) =>
        denied(`con-5-${name.toLowerCase()}`, `${name} says GET`, violation('CON-5'), { flags: ['MethodOverride', 'ClientControlledFact'], constraints: { allowed_methods: ['GET'] }, request: { method: 'POST' }, headers: [['Authorization', 'Bearer {jwt}'], [name, 'GET']] })),
      denied('con-5-override-in-query', 'The query says GET', violation('CON-5'), { flags: ['MethodOverride', 'ClientControlledFact'], constraints: { allowed_methods: ['GET'] }, request: { method: 'POST', url: '/search?_method=GET' } }),
      allowed('con-5-override-ignored', 'An override header is ignored where the real method is allowed', { flags: ['MethodOverride'], constraints: { allowed_methods: ['GET'] }, headers: [['Authorization', 'Bearer {jwt}'], ['X-HTTP-Method-Override', 'DELETE']] }),
      ...malformed('CON-5', 'allowed_methods', undefined, [['string', 'GET'], ['true', true], ['numbers', [1]]]),
    ],
  },

  'request-size': {
    description: 'max_request_size: bytes of the body as sent, as far as they are known when the request is decided.',
    verifies: ['CON-6'],
    cases: [
      allowed('con-6-below', 'Below the limit', { constraints: { max_request_size: 100 }, request: { method: 'POST', contentLength: 10 } }),
      allowed('con-6-equal', 'Exactly the limit', { flags: ['Boundary'], constraints: { max_request_size: 100 }, request: { method: 'POST', contentLength: 100 } }),
      denied('con-6-above', 'One byte more', tooLarge, { flags: ['Boundary'], constraints: { max_request_size: 100 }, request: { method: 'POST', contentLength: 101 } }),
      allowed('con-6-no-body', 'No body', { constraints: { max_request_size: 100 } }),
      allowed('con-6-zero-no-body', 'A limit of 0 and no body', { flags: ['Boundary'], constraints: { max_request_size: 0 } }),
      denied('con-6-zero', 'A limit of 0 and a byte', tooLarge, { flags: ['Boundary'], constraints: { max_request_size: 0 }, request: { method: 'POST', contentLength: 1 } }),
      allowed('con-6-counted-nothing-yet', 'A chunked body that is counted, of which nothing was received', { constraints: { max_request_size: 100 }, request: { method: 'POST', receivedBytes: 0 }, headers: chunked }),
      allowed('con-6-counted-equal', 'A chunked body of which the limit was received', { flags: ['Boundary'], constraints: { max_request_size: 100 }, request: { method: 'POST', receivedBytes: 100 }, headers: chunked }),
      denied('con-6-counted-above', 'A chunked body of which one byte more was received', tooLarge, { flags: ['Boundary'], constraints: { max_request_size: 100 }, request: { method: 'POST', receivedBytes: 101 }, headers: chunked }),
      allowed('con-6-counted-zero', 'A limit of 0 and a chunked body of which nothing was received', { flags: ['Boundary'], constraints: { max_request_size: 0 }, request: { method: 'POST', receivedBytes: 0 }, headers: chunked }),
      denied('con-6-counted-announced-above', 'A body that was announced too large, and of which little was received', tooLarge, { constraints: { max_request_size: 100 }, request: { method: 'POST', contentLength: 101, receivedBytes: 1 } }),
      denied('con-6-counted-above-announced', 'More received than announced', tooLarge, { flags: ['ClientControlledFact'], constraints: { max_request_size: 100 }, request: { method: 'POST', contentLength: 1, receivedBytes: 101 } }),
      allowed('con-6-counted-alternative', 'A chunked body over the limit of the first capability', { flags: ['AlternativeCapability'], verifies: ['CON-6', 'CAP-3'], capabilities: [10, 100].map((max_request_size) => ({ action: 'search.web', constraints: { max_request_size } })), request: { method: 'POST', receivedBytes: 11 }, headers: chunked, audit: { capability_index: 1 } }),
      denied('con-6-chunked', 'A chunked body that nobody counts, so that its size is not known', tooLarge, { flags: ['MissingFact'], constraints: { max_request_size: 100 }, request: { method: 'POST' }, headers: chunked }),
      ...malformed('CON-6', 'max_request_size', undefined, [['string', '100'], ['negative', -1], ['fraction', 1.5], ['unsafe', 2 ** 53], ['object', {}]]),
    ],
  },

  'response-size': {
    description: 'max_response_size: nothing is known of the response when the request is decided, but that the server limits it.',
    verifies: ['CON-7'],
    cases: [
      allowed('con-7-limited', 'A server that cuts the response at its limit', { constraints: { max_response_size: 1000000 }, request: { limitsResponse: true } }),
      allowed('con-7-limited-zero', 'A limit of 0', { flags: ['Boundary'], constraints: { max_response_size: 0 }, request: { limitsResponse: true } }),
      denied('con-7-unlimited', 'A server that says it does not cut the response', violation('CON-7'), { flags: ['MissingFact'], constraints: { max_response_size: 1000000 }, request: { limitsResponse: false } }),
      denied('con-7-unsaid', 'A server that does not say whether it cuts the response', violation('CON-7'), { flags: ['MissingFact'], constraints: { max_response_size: 1000000 } }),
      ...malformed('CON-7', 'max_response_size', undefined, [['string', '1000'], ['negative', -1], ['fraction', 1.5], ['unsafe', 2 ** 53]], { request: { limitsResponse: true } }),
    ],
  },

  regions: {
    description: 'allowed_regions against the region that the route supplies.',
    verifies: ['CON-8'],
    cases: [
      allowed('con-8-allowed', 'An allowed region', { constraints: { allowed_regions: ['DE', 'FR'] }, facts: { region: 'FR' } }),
      denied('con-8-other', 'Another region', violation('CON-8'), { constraints: { allowed_regions: ['DE', 'FR'] }, facts: { region: 'US' } }),
      denied('con-8-missing', 'No region', violation('CON-8'), { flags: ['MissingFact'], constraints: { allowed_regions: ['DE'] } }),
      denied('con-8-header', 'A header names the region', violation('CON-8'), { flags: ['MissingFact', 'ClientControlledFact'], constraints: { allowed_regions: ['DE'] }, headers: [['Authorization', 'Bearer {jwt}'], ['X-Region', 'DE'], ['CF-IPCountry', 'DE']] }),
      denied('con-8-empty', 'An empty list', violation('CON-8'), { flags: ['EmptyIsNotUnlimited'], constraints: { allowed_regions: [] }, facts: { region: 'DE' } }),
      ...malformed('CON-8', 'allowed_regions', { region: 'DE' }, [['string', 'DE'], ['numbers', [49]], ['object', { DE: true }]]),
    ],
  },

  'data-classification': {
    description: 'data_classification_max against the class of data that the route declares.',
    verifies: ['CON-9'],
    cases: [
      ...[
        ['public', 'public', true], ['public', 'internal', false], ['internal', 'internal', true], ['internal', 'confidential', false], ['confidential', 'public', true], ['confidential', 'restricted', false], ['confidential', 'personal', false],
        ['restricted', 'restricted', true], ['restricted', 'confidential', true], ['restricted', 'personal', false], ['personal', 'personal', true], ['personal', 'confidential', true], ['personal', 'restricted', false],
      ].map(([limit, classification, admitted]) => {
        // The task's own ceiling (TSK-3) admits the class, so that the constraint decides.
        const definition = { task: { data_sensitivity: classification }, constraints: { data_classification_max: limit }, facts: { classification } }
        const [id, title] = [`con-9-${limit}-for-${classification}`, `At most ${limit}, on a route with ${classification} data`]
        return admitted ? allowed(id, title, definition) : denied(id, title, violation('CON-9'), definition)
      }),
      denied('con-9-missing', 'The route declares nothing', violation('CON-9'), { flags: ['MissingFact'], constraints: { data_classification_max: 'restricted' } }),
      ...malformed('CON-9', 'data_classification_max', { classification: 'public' }, [['unknown', 'secret'], ['upper-case', 'PUBLIC'], ['number', 3], ['array', ['public']], ['prototype', 'constructor']], { task: { data_sensitivity: 'public' } }),
    ],
  },

  depth: {
    description: 'max_depth against the depth of the delegation.',
    verifies: ['CON-10'],
    cases: [
      allowed('con-10-equal', 'Depth 2, at most 2', { flags: ['Boundary'], constraints: { max_depth: 2 }, claims: delegated(2), audit: { delegation_depth: 2 } }),
      denied('con-10-above', 'Depth 2, at most 1', [403, 'aap_excessive_delegation', 'CON-10'], { flags: ['Boundary'], constraints: { max_depth: 1 }, claims: delegated(2), audit: { delegation_depth: 2 } }),
      denied('con-10-zero', 'Depth 1, at most 0', [403, 'aap_excessive_delegation', 'CON-10'], { flags: ['Boundary'], constraints: { max_depth: 0 }, claims: delegated(1) }),
      allowed('con-10-not-delegated', 'No delegation claim, at most 0', { flags: ['Boundary'], constraints: { max_depth: 0 }, audit: { delegation_depth: 0 } }),
      ...malformed('CON-10', 'max_depth', undefined, [['string', '2'], ['fraction', 1.5], ['negative', -1]]),
    ],
  },

  approval: {
    description: 'require_approval_threshold against the amount that the route supplies.',
    verifies: ['CON-11'],
    cases: [
      allowed('con-11-below', 'Below the threshold', { constraints: { require_approval_threshold: 100 }, facts: { amount: 99.99 } }),
      allowed('con-11-equal', 'Exactly the threshold', { flags: ['Boundary'], constraints: { require_approval_threshold: 100 }, facts: { amount: 100 } }),
      denied('con-11-above', 'Above the threshold', approval, { flags: ['Boundary'], constraints: { require_approval_threshold: 100 }, facts: { amount: 100.01 } }),
      denied('con-11-zero', 'A threshold of 0', approval, { flags: ['Boundary'], constraints: { require_approval_threshold: 0 }, facts: { amount: 0.01 } }),
      denied('con-11-missing', 'No amount', approval, { flags: ['MissingFact'], constraints: { require_approval_threshold: 100 } }),
      denied('con-11-string', 'The amount is a string', approval, { flags: ['MissingFact', 'TypeConfusion'], constraints: { require_approval_threshold: 100 }, facts: { amount: '5' } }),
      ...malformed('CON-11', 'require_approval_threshold', { amount: 1 }, [['string', '100'], ['true', true], ['object', {}]]),
    ],
  },

  encryption: {
    description: 'require_encryption against the connection.',
    verifies: ['CON-12'],
    cases: [
      allowed('con-12-tls', 'TLS on the socket', { constraints: { require_encryption: true }, request: { encrypted: true } }),
      denied('con-12-plain', 'No TLS', violation('CON-12'), { constraints: { require_encryption: true }, request: { encrypted: false } }),
      denied('con-12-unknown', 'Nothing known about the connection', violation('CON-12'), { flags: ['MissingFact'], constraints: { require_encryption: true } }),
      ...[['x-forwarded-proto', 'X-Forwarded-Proto', 'https'], ['forwarded', 'Forwarded', 'proto=https'], ['front-end-https', 'Front-End-Https', 'on']].map(([id, name, value]) =>
        denied(`con-12-${id}`, `${name} from nobody that is trusted`, violation('CON-12'), { flags: ['ClientControlledFact'], constraints: { require_encryption: true }, headers: [['Authorization', 'Bearer {jwt}'], [name, value]] })),
      allowed('con-12-false', 'false restricts nothing', { constraints: { require_encryption: false } }),
      ...malformed('CON-12', 'require_encryption', undefined, [['string', 'true'], ['number', 1], ['number-zero', 0], ['string-false', 'false']]),
    ],
  },
}
