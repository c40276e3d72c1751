import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FrameworkRequest } from './incoming-request.js'
import type { GuardOptions } from '../guard/guard-options.js'
import type { GuardRequest } from './guard-request.js'
import type { Next } from './respond.js'
import type { ResourceMetadata } from '../guard/resource-metadata.js'
import { coreOf, createGuard, requireCore, type Guard } from '../guard/create-guard.js'
import { pathOf } from '../guard/path-of.js'

/** A middleware that answers one path and hands everything else on. */
export type MetadataEndpoint = (req: IncomingMessage, res: ServerResponse, next: Next) => void

/**
 * A middleware for the root of a server whose guard is mounted further down, where the well-known path does not get to. It
 * answers GET and HEAD of the metadata's path and calls `next` for everything else. A guard at the root does the same by
 * itself.
 *
 * @param options the guard's settings, or a guard made by `createGuard`
 * @throws TypeError without the option `baseUrl`, and as `aapGuard` does
 * @see RFC 9728
 */
export function protectedResourceMetadata(options: GuardOptions<GuardRequest> | Guard): MetadataEndpoint {
  const { settings } = coreOf(options) ?? requireCore(createGuard(options as GuardOptions))
  return metadataEndpoint(settings.metadata)
}

/** @throws TypeError where there is nothing to answer with */
export function metadataEndpoint(metadata: ResourceMetadata | undefined): MetadataEndpoint {
  if (metadata === undefined) throw new TypeError('protectedResourceMetadata: option `baseUrl` is missing, and without it there is no metadata')
  return (req, res, next) => {
    if (!answerMetadata(metadata, req, res)) next()
  }
}

/**
 * Answers a GET or HEAD of exactly the metadata's path, whatever its query. Nobody is asked who they are: who has no token
 * yet needs it most, and it is the same for everyone. So may scripts of any origin read it, without a preflight.
 *
 * @returns whether it did; where not, nothing was touched
 * @see RFC 9728 sections 3.1 and 3.2, RFC 8615 section 3
 */
export function answerMetadata({ path, document }: ResourceMetadata, req: FrameworkRequest, res: ServerResponse): boolean {
  if (req.method !== 'GET' && req.method !== 'HEAD') return false
  if (pathOf(req.originalUrl ?? req.url) !== path) return false
  res.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(document),
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  })
  res.end(req.method === 'HEAD' ? undefined : document)
  return true
}
