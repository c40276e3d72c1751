import { escapeUnprintable } from '../../audit/printable.js'

const markup: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&apos;' }

/**
 * Text or the value of an attribute in XML 1.0, whatever it is. Characters that no XML document may hold (controls, lone
 * surrogates, U+FFFE, U+FFFF) are written out as `\uXXXX`, and since `>` is escaped there is no `]]>`.
 *
 * @see https://www.w3.org/TR/xml/#charsets
 */
export function xmlText(text: string): string {
  return escapeUnprintable(text)
    .replace(/[\ufffe\uffff]|\p{Surrogate}/gu, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (character) => markup[character] as string)
}
