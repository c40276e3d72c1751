const tokenCharacters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** What TRN-1 to TRN-3 say of the `Authorization` headers of a request. */
export type CredentialsVerdict =
  | { readonly scheme: 'bearer' | 'dpop'; readonly token: string }
  | 'no_credentials' | 'invalid_request' | 'invalid_token'

/** TRN-1, TRN-2, TRN-3 in their words: one header, a known scheme, spaces, one token, and not too long. */
export function readCredentials(values: readonly string[]): CredentialsVerdict {
  const [value] = values
  if (value === undefined) return 'no_credentials'
  if (values.length > 1) return 'invalid_request'

  let end = 0
  while (end < value.length && isIn(value.charAt(end), `${tokenCharacters}!#$%&'*+-.^_\`|~`)) end++
  const scheme = ['bearer', 'dpop'].find((known) => equalsWithoutCase(value.slice(0, end), known)) as 'bearer' | 'dpop' | undefined
  if (scheme === undefined) return 'no_credentials'

  let start = end
  while (value.charAt(start) === ' ') start++
  const token = value.slice(start)
  if (start === end || !isToken68(token)) return 'invalid_request'
  return token.length > 16_384 ? 'invalid_token' : { scheme, token }
}

/** The values of a header in a raw list of names and values in turn. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && equalsWithoutCase(rawHeaders[i - 1]!, name))
}

function isToken68(text: string): boolean {
  let end = text.length
  while (end > 0 && text.charAt(end - 1) === '=') end--
  return end > 0 && Array.from(text.slice(0, end)).every((character) => isIn(character, `${tokenCharacters}-._~+/`))
}

/** ASCII letters only: what other alphabets take for the same letter is another one here. */
function equalsWithoutCase(text: string, lower: string): boolean {
  return text.length === lower.length && Array.from({ length: lower.length }, (_, i) => text.charCodeAt(i)).every((code, i) => (code >= 0x41 && code <= 0x5a ? code + 32 : code) === lower.charCodeAt(i))
}

function isIn(character: string, characters: string): boolean {
  return character !== '' && characters.includes(character)
}
