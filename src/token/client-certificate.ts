import type { Denial } from '../model/denial.js'
import type { ResourceRequest } from '../model/resource-request.js'
export interface CertificateRules { readonly header: string | undefined; readonly isProxy: (remoteAddress: string | undefined) => boolean }
export interface ShownCertificate { readonly thumbprint: string | undefined; readonly why?: string }
export function readClientCertificate(_request: ResourceRequest, _rules: CertificateRules): ShownCertificate | Denial { return { thumbprint: undefined } }
