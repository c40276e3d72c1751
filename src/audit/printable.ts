// eslint-disable-next-line no-control-regex -- they are what this is about
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * Escapes what breaks lines, moves a terminal's cursor or turns the direction of text: C0 and C1 controls, DEL, U+2028,
 * U+2029 and bidirectional marks. Claims stand in log lines, and must not be able to forge one (AUD-4).
 */
export function escapeUnprintable(text: string): string {
  return text.replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
