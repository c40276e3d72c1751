import type { Denial } from '../model/denial.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { TrustedProxies } from './trusted-proxies.js'
export interface Forwarded { readonly origin?: string; readonly encrypted?: boolean }
export function readForwarded(_request: ResourceRequest, _proxies: TrustedProxies): Forwarded | Denial { return {} }
