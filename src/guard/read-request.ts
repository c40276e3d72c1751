import { X509Certificate } from 'node:crypto'
import type { ResourceRequest } from '../model/resource-request.js'
import { parseCertificate } from '../token/parse-certificate.js'

/** Stands in the audit record for something that is no request. */
export const noRequest: ResourceRequest = Object.freeze({ method: '', url: '', headers: Object.freeze({}) })

/**
 * Takes a request from a caller, who may have built it by hand: every member is read once, and what is later compared
 * and recorded has the type it should.
 *
 * @throws TypeError where it is no request
 */
export function readRequest(request: ResourceRequest): ResourceRequest {
  if (typeof request !== 'object' || (request as unknown) === null) throw new TypeError('the request is no object')
  const { method, url, headers, rawHeaders, remoteAddress, contentLength, receivedBytes, limitsResponse, clientCertificate, encrypted } = request
  if (typeof method !== 'string' || typeof url !== 'string') throw new TypeError('a request has a method and a url, both strings')
  if (typeof headers !== 'object' || (headers as unknown) === null) throw new TypeError('a request has headers, an object of strings and lists of strings')
  const copied = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? [...(value as readonly string[])] : value] as const)
  if (!copied.every(([, value]) => value === undefined || typeof value === 'string' || (Array.isArray(value) && value.every(isString)))) throw new TypeError('the values of headers are strings or lists of strings')
  if (rawHeaders !== undefined && !(Array.isArray(rawHeaders) && rawHeaders.length % 2 === 0 && rawHeaders.every(isString))) throw new TypeError('rawHeaders are names and values in turn')
  for (const [name, bytes] of Object.entries({ contentLength, receivedBytes })) {
    if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= 0)) throw new TypeError(`${name} is an integer from 0`)
  }
  if (limitsResponse !== undefined && typeof (limitsResponse as unknown) !== 'boolean') throw new TypeError('limitsResponse is true or false')
  return { method, url, headers: Object.fromEntries(copied), rawHeaders: rawHeaders && Array.from(rawHeaders as readonly string[]), remoteAddress, contentLength, receivedBytes, limitsResponse, clientCertificate: readCertificate(clientCertificate), encrypted }
}

/** Bytes are parsed, and so copied: a parsed certificate does not change. */
function readCertificate(given: unknown): X509Certificate | undefined {
  if (given === undefined) return undefined
  const certificate = given instanceof Uint8Array ? parseCertificate(given) : given
  // Whatever only looks like a certificate has no DER.
  if (!(certificate instanceof X509Certificate && certificate.raw.length > 0)) throw new TypeError('clientCertificate is one certificate: an X509Certificate or its DER')
  return certificate
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}
