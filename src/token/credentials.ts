import type { Denial } from '../model/denial.js'
import type { ResourceRequest } from '../model/resource-request.js'
import { headerValues } from './headers.js'

export interface Credentials {
  readonly scheme: 'bearer' | 'dpop'
  /** Not yet checked to be of the form of a token: see `checkTokenText`. */
  readonly token: string
}

/** Why there are none that can be used, with the scheme where that much could be read. */
export interface NoCredentials extends Denial {
  readonly scheme?: Credentials['scheme']
}

const maxTokenBytes = 16_384

/** The scheme and what stands behind it. RFC 9110 section 11.4 has one or more spaces between. */
const authorization = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)( *)([^]*)$/

/**
 * Finds the one token of a request, in its one `Authorization` header and nowhere else.
 *
 * The form of the token text is left to `checkTokenText`, because a token that was verified before need not be looked at
 * character by character again.
 *
 * @see TRN-1, TRN-2; RFC 6750 section 2.1, RFC 9449 section 7.1
 */
export function extractCredentials(request: ResourceRequest): Credentials | NoCredentials {
  const values = headerValues(request, 'authorization')
  const [value] = values
  if (value === undefined) return { code: 'no_credentials', rule: 'TRN-2', detail: 'no Authorization header' }
  if (values.length > 1) return invalidRequest('more than one Authorization header')
  if (value.startsWith('Bearer ') && value.charCodeAt(7) !== 0x20) return { scheme: 'bearer', token: value.slice(7) }

  const [, scheme = '', space = '', token = ''] = authorization.exec(value) ?? []
  const known = scheme.toLowerCase()
  if (known !== 'bearer' && known !== 'dpop') return { code: 'no_credentials', rule: 'TRN-2', detail: 'the Authorization header has another scheme' }
  if (space === '') return { ...invalidRequest(`the scheme ${scheme} is not followed by a token`), scheme: known }
  return { scheme: known, token }
}

/** The form of TRN-1, then the size of TRN-3, before anything is decoded. */
export function checkTokenText(token: string): Denial | undefined {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return invalidRequest('what follows the scheme is not one token')
  if (token.length > maxTokenBytes) return { code: 'invalid_token', rule: 'TRN-3', detail: `the token has over ${maxTokenBytes} bytes` }
  return undefined
}

function invalidRequest(detail: string): Denial {
  return { code: 'invalid_request', rule: 'TRN-1', detail }
}
