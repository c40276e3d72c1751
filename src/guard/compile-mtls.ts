import { checkNames } from '../decision/did-you-mean.js'
import { copyPlainData } from './copy-plain-data.js'

/** Where client certificates come from, beside TLS connections to this server itself (POP-5). */
export interface MtlsOptions {
  /**
   * The header in which the proxies of `trustedProxies` hand on the client's certificate. From every other peer it is
   * ignored. `Client-Cert` is read as RFC 9440 has it; under any other name also URL-encoded PEM (nginx
   * `$ssl_client_escaped_cert`, AWS `X-Amzn-Mtls-Clientcert-Leaf`, Envoy `%DOWNSTREAM_PEER_CERT%`) and bare base64 of the
   * DER (HAProxy `%[ssl_c_der,base64]`) are. One certificate, at most 16,384 characters. The proxy must remove what a
   * client sends under this name. Default: none.
   */
  readonly header?: string
  /**
   * Takes self-signed certificates on this server's own TLS connections, for agents whose certificates are known to the
   * issuer by themselves (RFC 8705 section 2.2). Default `false`: only certificates of the authorities that the server trusts.
   */
  readonly selfSigned?: boolean
}

/** The option `mtls`, compiled. */
export interface MtlsSettings {
  /** In lower case. */
  readonly header: string | undefined
  readonly allowsSelfSigned: boolean
}

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Headers that say something else, or that belong to one connection (RFC 9110 section 7.6.1). */
const otherHeaders: ReadonlySet<string> = new Set([
  'authorization', 'dpop', 'cookie', 'host', 'content-type', 'content-length', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto',
  'connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade',
])

/** Headers that do carry certificates, and cannot be read as one. */
const listHeaders: ReadonlyMap<string, string> = new Map([
  ['client-cert-chain', 'it holds the authorities and not the client\'s certificate, which is in `client-cert` (RFC 9440)'],
  ['x-forwarded-client-cert', 'Envoy\'s list can hold several certificates; let Envoy write `%DOWNSTREAM_PEER_CERT%` to a header of its own, with OVERWRITE_IF_EXISTS_OR_ADD, and name that one'],
])

/**
 * Reads the option `mtls`. `true`, the default, takes certificates of this server's own TLS connections; `false` takes none.
 *
 * @param hasProxies whether the option `trustedProxies` names any
 * @returns `undefined` where no certificate counts, so that certificate-bound tokens are refused
 * @throws TypeError that names the option and what is wrong with it
 */
export function compileMtls(option: unknown, hasProxies: boolean): MtlsSettings | undefined {
  if (option === false) return undefined
  if (option === undefined || option === true) return Object.freeze({ header: undefined, allowsSelfSigned: false })
  const { header, selfSigned = false } = readObject(option)
  if (typeof selfSigned !== 'boolean') throw new TypeError('option `mtls`: `selfSigned` must be true or false')
  return Object.freeze({ header: header === undefined ? undefined : readHeaderName(header, hasProxies), allowsSelfSigned: selfSigned })
}

function readObject(option: unknown): { readonly header?: unknown; readonly selfSigned?: unknown } {
  const copied = copyPlainData('option `mtls`', option)
  if (typeof copied !== 'object' || copied === null || Array.isArray(copied)) throw new TypeError('option `mtls` must be true, false, or an object { header, selfSigned }')
  checkNames('option `mtls`: key', copied, ['header', 'selfSigned'])
  return copied
}

function readHeaderName(header: unknown, hasProxies: boolean): string {
  if (typeof header !== 'string' || !token.test(header)) throw new TypeError('option `mtls`: `header` must be the name of a header (RFC 9110 section 5.1)')
  const name = header.toLowerCase()
  if (otherHeaders.has(name)) throw new TypeError(`option \`mtls\`: \`header\` cannot be ${JSON.stringify(name)}, which is for something else`)
  const reason = listHeaders.get(name)
  if (reason !== undefined) throw new TypeError(`option \`mtls\`: \`header\` cannot be ${JSON.stringify(name)}: ${reason}`)
  if (!hasProxies) throw new TypeError('option `mtls`: a `header` counts from trusted proxies only, and `trustedProxies` names none')
  return name
}
