import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesOfHeader, thumbprintOfBytes } from './oracles/certificate-header.js'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { readClientCertificate } from '../../src/token/client-certificate.js'
import { rfc8705, rfc9440 } from '../support/published-certificates.js'

const pemOf = (base64: string): string => `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
const base64 = rfc9440.base64
const published = [base64, `:${base64}:`, encodeURIComponent(pemOf(base64)), encodeURIComponent(rfc8705.pem), encodeURIComponent(rfc8705.pem.replaceAll('\n', '\r\n')), rfc8705.pem.replaceAll('\n', '%0a').replaceAll(' ', '%20')]
const pieces = [':', '::', ';a=1', ', ', ',', '%', '%0A', '%0D%0A', '%0D', '%00', '%20', '%3D', '%FF', '%E2%82%AC', '=', '==', 'A', 'AAAA', '/', '+', '-', '_', ' ', '\n', '\r\n', '\t', '\0', '"', '(', '\u00e9', '-----END%20CERTIFICATE-----', encodeURIComponent(rfc8705.pem), base64, `:${base64}:`]

/** Near its ends is where a value is told from another. */
const edited = fc.oneof(editedText(fc.constantFrom(...published), pieces), fc.tuple(fc.constantFrom('', ...pieces), fc.constantFrom(...published), fc.constantFrom('', ...pieces)).map((parts) => parts.join('')))

it('POP-5: a header is read as its characters say, or refused', () => {
  const seen = coverage({ accepted: 0.08, refused: 0.4, changed: 0.005 })
  checkProperty(fc.property(fc.constantFrom('client-cert', 'x-client-cert'), edited, (header, value) => {
    const shown = readClientCertificate({ method: 'GET', url: '/', headers: { [header]: value }, remoteAddress: '10.0.0.1' }, { header, isProxy: () => true })
    const bytes = bytesOfHeader(header, value)
    const expected = bytes && value.length <= 16_384 ? thumbprintOfBytes(bytes) : undefined
    if ('code' in shown) {
      seen.note('refused')
      expect(shown).toMatchObject({ code: 'invalid_request', rule: 'POP-5' })
      // Node takes for a certificate what is not quite DER, where that was edited.
      expect([rfc8705.thumbprint, rfc9440.thumbprint]).not.toContain(expected)
    } else {
      seen.note('accepted')
      if (shown.thumbprint !== rfc8705.thumbprint && shown.thumbprint !== rfc9440.thumbprint) seen.note('changed')
      expect(shown).toEqual({ thumbprint: expected })
    }
  }), { runs: 1_500, coverage: seen })
})
