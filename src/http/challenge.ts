/**
 * The challenge of RFC 6750 section 3. With credentials it says what is wrong with them, without it only asks for some
 * (TRN-2, TRN-4).
 */
export function bearerChallenge(error: string | undefined, description: string): string {
  const parameters = [parameter('realm', 'api')]
  if (error !== undefined) parameters.push(parameter('error', error), parameter('error_description', description))
  return `Bearer ${parameters.join(', ')}`
}

/** A quoted-string of RFC 9110 section 5.6.4. */
function parameter(name: string, value: string): string {
  return `${name}="${value.replace(/[^\t !-~]/g, '').replace(/["\\]/g, '\\$&')}"`
}
