import { X509Certificate } from 'node:crypto'

/**
 * One certificate in DER, and nothing else: no PEM, no bytes behind it, and no encoding that Node would write otherwise, so
 * that a certificate has one thumbprint.
 *
 * @returns `undefined` where the bytes are anything else
 */
export function parseCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) ? certificate : undefined
  } catch {
    return undefined
  }
}
