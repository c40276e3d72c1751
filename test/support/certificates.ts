import {
  AlgorithmIdentifier, AttributeTypeAndValue, AttributeValue, BasicConstraints, Certificate, ExtendedKeyUsage, Extension, Extensions, GeneralName, KeyUsage, KeyUsageFlags, Name,
  RelativeDistinguishedName, SubjectAlternativeName, SubjectPublicKeyInfo, TBSCertificate, Validity, Version,
  id_ce_basicConstraints, id_ce_extKeyUsage, id_ce_keyUsage, id_ce_subjectAltName, id_kp_clientAuth, id_kp_serverAuth,
} from '@peculiar/asn1-x509'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { generateKeyPairSync, hash, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto'

/** A certificate made in a test, with its private key. */
export interface IssuedCertificate {
  readonly certPem: string
  readonly keyPem: string
  readonly der: Buffer
  /** `x5t#S256`. */
  readonly thumbprint: string
  readonly x509: X509Certificate
}

export type KeyKind = 'P-256' | 'P-384' | 'secp256k1' | 'Ed25519' | 'RSA-1024' | 'RSA-2048'

export interface CertificateOptions {
  readonly commonName?: string
  /** Default P-256. */
  readonly key?: KeyKind
  /** Default a day ago, and tomorrow. */
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Default `client`. */
  readonly purpose?: 'client' | 'server'
  /** Whether it may issue others. Default `false`. */
  readonly isAuthority?: boolean
  /** Default: no such extension. */
  readonly keyUsage?: 'digitalSignature' | 'keyCertSign'
  /** Turns the last bit of the signature over. */
  readonly hasBrokenSignature?: boolean
}

export interface Authority extends IssuedCertificate {
  issue(options?: CertificateOptions): IssuedCertificate
  /** An authority below this one. */
  issueAuthority(options?: CertificateOptions): Authority
}

const dayMs = 86_400_000
/** Dates of certificates have seconds (RFC 5280 section 4.1.2.5). */
const daysFromNow = (days: number): Date => new Date(Math.floor(Date.now() / 1_000) * 1_000 + days * dayMs)

/** Dates of a certificate that was valid until yesterday. */
export const expired = { notBefore: daysFromNow(-2), notAfter: daysFromNow(-1) } as const
/** Dates of one that will be from tomorrow on. */
export const notYetValid = { notBefore: daysFromNow(1), notAfter: daysFromNow(2) } as const

/** A certificate authority that nobody trusts but who is told to. */
export function createAuthority(options: CertificateOptions = {}): Authority {
  return authority(make({ commonName: 'Test authority', isAuthority: true, keyUsage: 'keyCertSign', ...options }))
}

/** A certificate that nobody but its own key vouches for. */
export function createSelfSigned(options: CertificateOptions = {}): IssuedCertificate {
  return make(options).issued
}

interface Made {
  readonly issued: IssuedCertificate
  readonly name: Name
  readonly privateKey: KeyObject
}

function authority(made: Made): Authority {
  return {
    ...made.issued,
    issue: (options = {}) => make(options, made).issued,
    issueAuthority: (options = {}) => authority(make({ commonName: 'Test authority below', isAuthority: true, keyUsage: 'keyCertSign', ...options }, made)),
  }
}

function make({ commonName = 'agent', key = 'P-256', notBefore = daysFromNow(-1), notAfter = daysFromNow(1), purpose = 'client', isAuthority = false, keyUsage, hasBrokenSignature = false }: CertificateOptions, issuer?: Made): Made {
  const { publicKey, privateKey } = generate(key)
  const name = new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: '2.5.4.3', value: new AttributeValue({ utf8String: commonName }) })])])
  const signer = issuer?.privateKey ?? privateKey
  const signatureAlgorithm = algorithmOf(signer)
  const serialNumber = randomBytes(16)
  serialNumber[0] = 0x40 | (serialNumber[0]! & 0x3f)
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: bufferOf(serialNumber),
    signature: signatureAlgorithm,
    issuer: issuer?.name ?? name,
    validity: new Validity({ notBefore, notAfter }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(publicKey.export({ format: 'der', type: 'spki' }), SubjectPublicKeyInfo),
    extensions: extensionsOf({ isAuthority, keyUsage, purpose }),
  })
  const signature = sign(signer.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), signer)
  if (hasBrokenSignature) signature[signature.length - 1]! ^= 1
  const der = Buffer.from(AsnConvert.serialize(new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue: bufferOf(signature) })))
  const x509 = new X509Certificate(der)
  const issued = { certPem: x509.toString(), keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, der, thumbprint: hash('sha256', der, 'base64url'), x509 }
  return { issued, name, privateKey }
}

function generate(key: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (key === 'Ed25519') return generateKeyPairSync('ed25519')
  return key.startsWith('RSA-') ? generateKeyPairSync('rsa', { modulusLength: Number(key.slice(4)) }) : generateKeyPairSync('ec', { namedCurve: key })
}

/** RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 section 5. */
function algorithmOf({ asymmetricKeyType }: KeyObject): AlgorithmIdentifier {
  if (asymmetricKeyType === 'ec') return new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' })
  if (asymmetricKeyType === 'ed25519') return new AlgorithmIdentifier({ algorithm: '1.3.101.112' })
  return new AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: null })
}

function extensionsOf({ isAuthority, keyUsage, purpose }: { isAuthority: boolean; keyUsage: CertificateOptions['keyUsage']; purpose: 'client' | 'server' }): Extensions {
  const extension = (extnID: string, critical: boolean, value: unknown): Extension => new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
  return new Extensions([
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: isAuthority })),
    ...(keyUsage === undefined ? [] : [extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags[keyUsage]))]),
    ...(isAuthority ? [] : [extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([purpose === 'client' ? id_kp_clientAuth : id_kp_serverAuth]))]),
    ...(purpose === 'client' ? [] : [extension(id_ce_subjectAltName, false, new SubjectAlternativeName([new GeneralName({ dNSName: 'localhost' }), new GeneralName({ iPAddress: '127.0.0.1' })]))]),
  ])
}

/** The package takes whole buffers, and those of Node are parts of larger ones. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
