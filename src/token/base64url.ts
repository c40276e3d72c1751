/**
 * Strict base64url of RFC 7515 section 2: no padding, white space or other alphabet, and no trailing bits that are
 * not zero, so that each sequence of bytes has one spelling (TOK-2).
 *
 * @returns `undefined` where the text is anything else
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
