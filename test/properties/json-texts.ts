import fc from 'fast-check'

/** Names and strings where a scanner may lose its way. */
const trickyText = fc.oneof(fc.constantFrom('', 'a', 'b', '"', '\\', '\\"', '{', '}', '[', ']', ':', ',', 'null', '\u2028', '\u0000', '__proto__', 'constructor', '1e999', '{"a":1,"a":2}', '\u{1F916}', '\u00e9', 'e\u0301'), fc.string({ unit: 'binary', maxLength: 4 }))

/** A character as itself or as an escape of it. */
function writeString(text: string, escape: number): string {
  if (escape % 3 > 0) return JSON.stringify(text)
  const units = Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`)
  return `"${units.map((unit) => (escape % 2 === 0 ? unit : unit.replace(/[a-f]/g, (digit) => digit.toUpperCase()))).join('')}"`
}

const space = fc.constantFrom('', '', '', ' ', '\n', '\t \r')
const quoted = (names: boolean) => fc.tuple(trickyText, fc.nat({ max: 11 })).filter(([text]) => !names || text !== '__proto__').map(([text, escape]) => writeString(text, escape))
const number = fc.oneof(fc.constantFrom('0', '-0', '1', '-1', '0.5', '1e5', '1E+2', '1e-999', '1.7976931348623157e308', '123456789012345678901234567890'), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), fc.integer().map(String))

/** JSON texts of objects in every style; now and then a name comes twice. */
export const jsonObjectText: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(quoted(false), number, fc.constantFrom('true', 'false')),
    fc.tuple(fc.array(fc.oneof({ arbitrary: tie('value'), weight: 6 }, fc.constant('null')), { maxLength: 3 }), space).map(([items, gap]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
    tie('object'),
  ),
  object: fc.tuple(fc.uniqueArray(fc.tuple(quoted(true), tie('value')), { maxLength: 4, selector: ([name]) => name }), space, space).map(([members, gap, other]) => `{${gap}${members.map(([name, value]) => `${name}${other}:${gap}${value}`).join(`${gap},${other}`)}${gap}}`),
})).object

/** What a text is edited with. */
export const jsonPieces = ['"', '\\', '{', '}', '[', ']', ':', ',', ' ', '\n', '\u00a0', '\ufeff', '\u0000', 'null', ':null', '"a":1,', '"\\u0061":1,', '"__proto__":1,', '"\\u005f_proto__":1,', '"x":null,', '1e999', '-1E309', '0', '01', '-', '+', '.', 'e', 'true', 'NaN', '/**/', "'", '\u2028', '\ud800', '\\u', '\\ud800']

/** Brackets around brackets, about as deep as is allowed. */
export const nestedText: fc.Arbitrary<string> = fc.tuple(fc.constantFrom(30, 31, 32, 33, 34, 200), fc.constantFrom<[string, string]>(['{"a":', '}'], ['[', ']'], ['[[{"a":', '}]]']), fc.constantFrom('1', '[]', '{}', '""', '"{"')).map(([depth, [open, close], inner]) => {
  const width = open.length > 6 ? 3 : 1
  const times = Math.max(0, Math.floor((depth - 1) / width))
  return `{"a":${open.repeat(times)}${inner}${close.repeat(times)}}`
})
