import { allowed, denied, invalidToken } from '../case.mjs'

const authorization = (...values) => ({ headers: values.map((value) => ['Authorization', value]) })
const malformed = [400, 'invalid_request', 'TRN-1']
const noCredentials = [401, undefined, 'TRN-2']

/** Pads the payload until the signed token has this many characters, by the length of a claim and of a header. */
const ofLength = (length) => ({ signingInput, sign }) => {
  const [header, payload] = signingInput.split('.').map((part) => JSON.parse(Buffer.from(part, 'base64url')))
  for (let padding = 0; padding < 4; padding += 1) {
    const headerPart = Buffer.from(JSON.stringify({ ...header, pad: 'x'.repeat(padding) })).toString('base64url')
    const room = length - headerPart.length - 2 - 86
    const bare = JSON.stringify({ ...payload, pad: '' }).length
    for (let fill = Math.floor((room * 3) / 4) - bare - 3; fill <= Math.ceil((room * 3) / 4) - bare + 3; fill += 1) {
      const payloadPart = Buffer.from(JSON.stringify({ ...payload, pad: 'x'.repeat(fill) })).toString('base64url')
      if (payloadPart.length === room) return `${headerPart}.${payloadPart}.${sign(`${headerPart}.${payloadPart}`).toString('base64url')}`
    }
  }
  throw new Error(`no token of ${length} characters`)
}

export const files = {
  authorization: {
    description: 'Where the token comes from, and what is malformed about the header that carries it.',
    verifies: ['TRN-1'],
    cases: [
      allowed('trn-1-bearer', 'One Authorization header', authorization('Bearer {jwt}')),
      allowed('trn-1-scheme-lower-case', 'The scheme in lower case', authorization('bearer {jwt}')),
      allowed('trn-1-scheme-upper-case', 'The scheme in upper case', authorization('BEARER {jwt}')),
      allowed('trn-1-field-name-lower-case', 'The field name in lower case', { headers: [['authorization', 'Bearer {jwt}']] }),
      denied('trn-1-two-equal-headers', 'Two equal Authorization headers', malformed, { flags: ['AmbiguousCredentials'], ...authorization('Bearer {jwt}', 'Bearer {jwt}') }),
      denied('trn-1-two-headers-mixed-case', 'Two Authorization headers, their names in different case', malformed, { flags: ['AmbiguousCredentials'], headers: [['Authorization', 'Bearer {jwt}'], ['authorization', 'Bearer {jwt}']] }),
      denied('trn-1-two-different-headers', 'Another scheme first, then the token', malformed, { flags: ['AmbiguousCredentials'], ...authorization('Basic YWxhZGRpbjpvcGVuc2VzYW1l', 'Bearer {jwt}') }),
      denied('trn-1-joined-headers', 'Two tokens in one header, joined by a comma', malformed, { flags: ['AmbiguousCredentials'], ...authorization('Bearer {jwt}, Bearer {jwt}') }),
      denied('trn-1-two-tokens', 'Two tokens after one scheme', malformed, { flags: ['AmbiguousCredentials'], ...authorization('Bearer {jwt} {jwt}') }),
      denied('trn-1-no-token', 'Nothing after the scheme', malformed, authorization('Bearer')),
      denied('trn-1-quoted-token', 'The token in quotes', malformed, authorization('Bearer "{jwt}"')),
      denied('trn-1-parameter', 'A parameter after the token', malformed, authorization('Bearer {jwt}; scope=all')),
      denied('trn-1-padding-inside', 'A padding character inside the token', malformed, authorization('Bearer a=b')),
      denied('trn-1-dpop-no-token', 'Nothing after the scheme DPoP', malformed, authorization('DPoP')),
    ],
  },

  credentials: {
    description: 'Without credentials there is a challenge and no error code; no other place than the header counts.',
    cases: [
      denied('trn-2-no-header', 'No Authorization header', noCredentials, { headers: [] }),
      denied('trn-2-basic', 'Another scheme', noCredentials, authorization('Basic YWxhZGRpbjpvcGVuc2VzYW1l')),
      denied('trn-2-similar-scheme', 'A scheme that only starts like Bearer', noCredentials, { flags: ['PrefixConfusion'], ...authorization('BearerToken {jwt}') }),
      denied('trn-2-token-in-query', 'A token in the query', noCredentials, { verifies: ['TRN-1', 'TRN-2'], flags: ['AmbiguousCredentials'], headers: [], request: { url: '/search?access_token={jwt}' } }),
      denied('trn-2-token-in-cookie', 'A token in a cookie', noCredentials, { verifies: ['TRN-1', 'TRN-2'], headers: [['Cookie', 'access_token={jwt}']] }),
      denied('trn-2-token-in-other-header', 'A token in a header of a proxy', noCredentials, { verifies: ['TRN-1', 'TRN-2'], headers: [['X-Forwarded-Authorization', 'Bearer {jwt}'], ['Proxy-Authorization', 'Bearer {jwt}']] }),
    ],
  },

  size: {
    description: 'A token of more than 16,384 bytes is refused before it is decoded. All three are signed correctly.',
    verifies: ['TRN-3'],
    cases: [
      allowed('trn-3-warned', 'A token of 4,097 bytes is accepted', { flags: ['Boundary'], compact: ofLength(4097) }),
      allowed('trn-3-largest', 'A token of 16,384 bytes', { flags: ['Boundary'], compact: ofLength(16384) }),
      denied('trn-3-too-large', 'A token of 16,385 bytes', invalidToken('TRN-3'), { flags: ['Boundary'], compact: ofLength(16385) }),
    ],
  },
}
