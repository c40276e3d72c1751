import * as generated from './validator.js'

/**
 * Says what is wrong with a claim, or `undefined` where nothing is: the place as a JSON pointer and what it
 * must be, such as `/id must NOT have fewer than 1 characters`. For the audit record only.
 */
export type ClaimValidator = (value: unknown) => string | undefined

interface GeneratedValidator {
  (value: unknown): boolean
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null
}

const claimValidator = (generatedValidator: unknown): ClaimValidator => {
  const validate = generatedValidator as GeneratedValidator
  return (value) => {
    if (validate(value)) return undefined
    const reasons = (validate.errors ?? []).map(({ instancePath, message = 'is malformed' }) => `${instancePath} ${message}`.trimStart())
    return reasons.length > 0 ? reasons.join('; ') : 'is malformed'
  }
}

/** The agent claim (AGT-1, TOK-8). */
export const validateAgent = claimValidator(generated.validateAgent)

/** The task claim (TSK-1, TOK-8). Whether a string is a time is not asked here. */
export const validateTask = claimValidator(generated.validateTask)

/** The capabilities claim without the values of its constraints (TOK-10, CAP-1). */
export const validateCapabilitiesShape = claimValidator(generated.validateCapabilitiesShape)

/** The oversight claim (DIA-4, OVS-1). */
export const validateOversight = claimValidator(generated.validateOversight)

/** The delegation claim by itself, without the relations between its members (DEL-1, DEL-2). */
export const validateDelegation = claimValidator(generated.validateDelegation)

/** The context claim (CTX-1). Whether a string is a time is not asked here. */
export const validateContext = claimValidator(generated.validateContext)

/** The audit claim (AUD-2, TOK-8). */
export const validateAudit = claimValidator(generated.validateAudit)

/** An introspection answer about an agent token (INT-2, TOK-8). */
export const validateIntrospectionAnswer = claimValidator(generated.validateIntrospectionAnswer)

/** Whether a reason that a validator gave is about a length in characters: those are TOK-8's. */
export function isAboutLength(reason: string): boolean {
  return /must NOT have (?:more|fewer) than \d+ characters/.test(reason)
}
