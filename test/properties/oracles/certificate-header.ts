import { createHash, X509Certificate } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The bytes that a proxy's header holds by its text, whatever they are; read character by character. */
export function bytesOfHeader(name: string, value: string): number[] | undefined {
  if (value.startsWith(':') && value.endsWith(':') && value.length > 1) return readBase64(value.slice(1, -1))
  if (name === 'client-cert') return undefined
  return value.includes('%') ? readPem(unescapeText(value)) : readBase64(value)
}

/** RFC 4648 section 4: groups of four, filled up with `=`, and no bit set that is not used. */
function readBase64(text: string): number[] | undefined {
  if (text === '' || text.length % 4 !== 0) return undefined
  const bytes: number[] = []
  for (let i = 0; i < text.length; i += 4) {
    const isLast = i + 4 === text.length
    const group = text.slice(i, i + 4)
    const digits = isLast && group.endsWith('==') ? 2 : isLast && group.endsWith('=') ? 3 : 4
    let bits = 0
    for (let j = 0; j < 4; j++) {
      const digit = j < digits ? alphabet.indexOf(group[j]!) : 0
      if (digit < 0) return undefined
      bits = bits * 64 + digit
    }
    const all = [bits >>> 16, (bits >>> 8) & 255, bits & 255]
    if (all.slice(digits - 1).some((byte) => byte !== 0)) return undefined
    bytes.push(...all.slice(0, digits - 1))
  }
  return bytes
}

/** ASCII that is escaped in part. Anything else cannot be PEM. */
function unescapeText(value: string): string {
  let text = ''
  for (let i = 0; i < value.length; i++) {
    if (value[i] !== '%') {
      text += value[i]!
      continue
    }
    const high = '01234567'.indexOf(value.charAt(i + 1) || '-')
    const low = '0123456789abcdef'.indexOf(value.charAt(i + 2).toLowerCase() || '-')
    if (high < 0 || low < 0) return ''
    text += String.fromCharCode(high * 16 + low)
    i += 2
  }
  return text
}

function readPem(text: string): number[] | undefined {
  const lines = `${text}${text.endsWith('\n') ? '' : '\n'}`.split('\n').slice(0, -1)
  // Only a line that ends can end in CR LF.
  if (!text.endsWith('\n') && text.endsWith('\r')) return undefined
  const bare = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  if (bare.length < 3 || bare[0] !== '-----BEGIN CERTIFICATE-----' || bare.at(-1) !== '-----END CERTIFICATE-----') return undefined
  const body = bare.slice(1, -1)
  return body.includes('') ? undefined : readBase64(body.join(''))
}

/** `x5t#S256` of bytes that fill one SEQUENCE and that Node takes for a certificate. */
export function thumbprintOfBytes(bytes: readonly number[]): string | undefined {
  const [tag, form, high = 0, low = 0] = bytes
  if (tag !== 0x30 || form !== 0x82 || high * 256 + low !== bytes.length - 4) return undefined
  const der = Uint8Array.from(bytes)
  try {
    new X509Certificate(der)
  } catch {
    return undefined
  }
  return createHash('sha256').update(der).digest('base64url')
}
