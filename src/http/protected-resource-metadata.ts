import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ResourceMetadata } from '../guard/resource-metadata.js'
export function answerMetadata(_metadata: ResourceMetadata, _req: IncomingMessage, _res: ServerResponse): boolean { return false }
