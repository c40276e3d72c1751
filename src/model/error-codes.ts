/**
 * Every way a request can be refused, with its HTTP status, the `error` value that leaves the process
 * (`undefined`: none does) and the one public sentence. This table is the only home of the three.
 *
 * @see SPEC section 10, ERR-1; RFC 6750 section 3.1
 */
export const errorCodes = {
  invalid_request: { status: 400, error: 'invalid_request', sentence: 'The request carries malformed or repeated credentials.' },
  no_credentials: { status: 401, error: undefined, sentence: 'The request carries no access token.' },
  invalid_token: { status: 401, error: 'invalid_token', sentence: 'The access token is not valid.' },
  token_expired: { status: 401, error: 'invalid_token', sentence: 'The access token expired.' },
  invalid_dpop_proof: { status: 401, error: 'invalid_dpop_proof', sentence: 'The DPoP proof is not valid.' },
  use_dpop_nonce: { status: 401, error: 'use_dpop_nonce', sentence: 'The DPoP proof needs the nonce of this server.' },
  aap_agent_not_recognized: { status: 403, error: 'aap_agent_not_recognized', sentence: 'The agent is not recognized.' },
  aap_task_mismatch: { status: 403, error: 'aap_task_mismatch', sentence: 'The action does not match the task of the token.' },
  aap_invalid_context: { status: 403, error: 'aap_invalid_context', sentence: 'The token may not be used in this context.' },
  aap_invalid_delegation_chain: { status: 403, error: 'aap_invalid_delegation_chain', sentence: 'The delegation of the token is not valid.' },
  aap_excessive_delegation: { status: 403, error: 'aap_excessive_delegation', sentence: 'The token was delegated too many times.' },
  aap_invalid_capability: { status: 403, error: 'aap_invalid_capability', sentence: 'The token has no capability for this action.' },
  aap_domain_not_allowed: { status: 403, error: 'aap_domain_not_allowed', sentence: 'The target of the action is not allowed.' },
  aap_capability_expired: { status: 403, error: 'aap_capability_expired', sentence: 'The capability is not valid at this time.' },
  aap_constraint_violation: { status: 403, error: 'aap_constraint_violation', sentence: 'A constraint of the capability does not hold.' },
  aap_approval_required: { status: 403, error: 'aap_approval_required', sentence: 'The action needs the approval of a human.' },
  request_too_large: { status: 413, error: 'request_too_large', sentence: 'The request body is larger than the capability allows.' },
  quota_exceeded: { status: 429, error: 'aap_constraint_violation', sentence: 'A quota of the capability is used up.' },
  too_many_failures: { status: 429, error: undefined, sentence: 'Too many failed requests.' },
  temporarily_unavailable: { status: 503, error: 'temporarily_unavailable', sentence: 'The request cannot be decided at the moment.' },
  internal_error: { status: 500, error: undefined, sentence: 'The request could not be decided.' },
} as const satisfies Record<string, { status: number; error: string | undefined; sentence: string }>

/** A row of the table above: finer than the `error` that leaves the process. */
export type DenialCode = keyof typeof errorCodes

/** A value of `error` in a response body, in `WWW-Authenticate` and in an audit record. */
export type ErrorCode = NonNullable<(typeof errorCodes)[DenialCode]['error']>
