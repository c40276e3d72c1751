import { allowed, denied } from '../case.mjs'

const routes = {
  'GET /search': 'search.web',
  'POST /drafts': { action: 'cms.draft' },
  'GET /posts/:id': 'cms.read',
  'GET /posts/new': 'cms.compose',
  'GET /files/*rest': 'files.read',
  'POST /posts/:id/publish': { action: 'cms.publish', approval: 'required' },
  'GET /reports': { action: 'search.web', purposes: ['quarterly_report'] },
  'GET /customers': { action: 'search.web', classification: 'personal' },
  'GET /health': { public: true },
}
const actions = ['search.web', 'cms.draft', 'cms.read', 'cms.compose', 'files.read', 'cms.publish']
const to = (method, url) => ({ server: { routes }, capabilities: actions.map((action) => ({ action })), request: { method, url, action: undefined } })
const found = (name, title, method, url, action, more) => allowed(`rte-1-${name}`, title, { ...to(method, url), audit: { action, capability_index: actions.indexOf(action) }, ...more })
const unmatched = (name, title, method, url, flags = []) => denied(`rte-1-${name}`, title, [403, 'aap_invalid_capability', 'RTE-1'], { ...to(method, url), flags })

export const files = {
  matching: {
    description: 'Routes resolve the action; what no route matches is denied.',
    verifies: ['RTE-1'],
    cases: [
      found('literal', 'A literal path', 'GET', '/search', 'search.web'),
      found('query', 'The query does not matter', 'GET', '/search?q=a/../b', 'search.web'),
      found('case', 'The case does not matter', 'GET', '/SEARCH', 'search.web'),
      found('trailing-slash', 'One trailing slash does not matter', 'GET', '/search/', 'search.web'),
      found('method', 'The other method', 'POST', '/drafts', 'cms.draft'),
      found('head', 'HEAD uses the entry of GET', 'HEAD', '/search', 'search.web'),
      found('parameter', 'A parameter', 'GET', '/posts/42', 'cms.read'),
      found('parameter-encoded', 'A parameter with an encoded space', 'GET', '/posts/a%20b', 'cms.read'),
      found('literal-before-parameter', 'A literal before a parameter', 'GET', '/posts/new', 'cms.compose'),
      found('rest', 'The rest of a path', 'GET', '/files/a/b/c.txt', 'files.read'),
      found('dots-in-names', 'Dots in names are no dot segments', 'GET', '/files/.hidden/a..b/...', 'files.read'),
      allowed('rte-1-public', 'A public route needs no token', { ...to('GET', '/health'), headers: [], audit: { agent_id: undefined, task_id: undefined, capability_index: undefined } }),
      unmatched('no-route', 'No such path', 'GET', '/admin'),
      unmatched('root', 'The root', 'GET', '/'),
      unmatched('other-method', 'No such method', 'DELETE', '/search'),
      unmatched('options', 'OPTIONS is not listed either', 'OPTIONS', '/search'),
      unmatched('method-lower-case', 'The method in lower case', 'get', '/search', ['MethodOverride']),
      unmatched('longer', 'A longer path', 'GET', '/search/deep', ['PathConfusion']),
      unmatched('prefix', 'A path with the same beginning', 'GET', '/searching', ['PrefixConfusion']),
      unmatched('parameter-two-segments', 'A parameter is one segment', 'GET', '/posts/42/edit'),
      unmatched('parameter-empty', 'A parameter is not empty', 'GET', '/posts/'),
      ...[
        ['double-slash', '//search'], ['double-slash-inside', '/files//a'], ['double-slash-end', '/search//'], ['backslash', '/files\\a'], ['dot-segment', '/./search'], ['dot-dot-segment', '/files/../search'], ['dot-dot-end', '/files/a/..'],
        ['semicolon', '/search;a=b'], ['semicolon-inside', '/files/a;b/c'], ['fragment', '/search#a'], ['nul', '/files/a\u0000b'], ['encoded-slash', '/files/a%2Fb'], ['encoded-slash-lower-case', '/posts/a%2fb'], ['encoded-backslash', '/files/a%5Cb'],
        ['encoded-dot', '/files/%2e%2e/search'], ['encoded-dot-upper-case', '/files/%2E'], ['encoded-percent', '/files/%252e'],
      ].map(([name, url]) => unmatched(`path-${name}`, `The path ${JSON.stringify(url)}`, 'GET', url, ['PathConfusion'])),
      denied('rte-1-approval', 'The route requires approval', [403, 'aap_approval_required', 'OVS-1'], { verifies: ['RTE-1', 'OVS-1'], ...to('POST', '/posts/42/publish'), audit: { action: 'cms.publish' } }),
      denied('rte-1-purposes', 'The route names other purposes', [403, 'aap_task_mismatch', 'TSK-2'], { verifies: ['RTE-1', 'TSK-2'], flags: ['PurposeDrift'], ...to('GET', '/reports') }),
      denied('rte-1-classification', 'The route declares a class of data', [403, 'aap_task_mismatch', 'TSK-3'], { verifies: ['RTE-1', 'TSK-3'], task: { data_sensitivity: 'public' }, ...to('GET', '/customers') }),
      denied('rte-1-capability', 'The route needs a capability that the token lacks', [403, 'aap_invalid_capability', 'CAP-2'], { verifies: ['RTE-1', 'CAP-2'], ...to('POST', '/drafts'), capabilities: [{ action: 'search.web' }], audit: { action: 'cms.draft' } }),
      denied('rte-1-unauthenticated', 'Nothing tells routes from others without a token', [401, undefined, 'TRN-2'], { verifies: ['RTE-1', 'TRN-2'], ...to('GET', '/admin'), headers: [] }),
    ],
  },
}
