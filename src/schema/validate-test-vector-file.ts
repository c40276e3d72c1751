import * as generated from './test-vector-validator.js'

interface GeneratedError {
  readonly instancePath: string
  readonly params: { readonly additionalProperty?: string }
  readonly message?: string
}

const validate = generated.validateTestVectorFile as unknown as {
  (value: unknown): boolean
  errors?: readonly GeneratedError[] | null
}

/** Says what is wrong with a file of test vectors and where, or `undefined` where nothing is. */
export function validateTestVectorFile(value: unknown): string | undefined {
  if (validate(value)) return undefined
  return (validate.errors ?? []).map(({ instancePath, params: { additionalProperty }, message = 'is malformed' }) => `${instancePath} ${message}${additionalProperty === undefined ? '' : ` (${additionalProperty})`}`.trimStart()).join('; ')
}
