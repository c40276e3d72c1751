import { describe, expect, it } from 'vitest'
import { parseStrictJson } from '../../src/token/strict-json.js'

const parse = (text: string) => parseStrictJson(Buffer.from(text))
const nested = (depth: number, open = '{"a":', inner = '1', close = '}') => `${open.repeat(depth)}${inner}${close.repeat(depth)}`

describe('TOK-7: what is one JSON object with one reading is parsed', () => {
  it.each([
    ['an empty object', '{}'],
    ['white space of every kind', ' \t\r\n{ "a" \t:\r\n 1 , "b" : [ ] } \n'],
    ['the same name in sibling objects', '{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}]}'],
    ['the same name at different depths', '{"a":{"a":{"a":1}}}'],
    ['names that differ by case only', '{"a":1,"A":2}'],
    ['a name that is empty', '{"":1}'],
    ['names that differ by their Unicode composition only', '{"\u00e9":1,"e\u0301":2}'],
    ['names that the object prototype has', '{"constructor":1,"toString":2,"hasOwnProperty":3}'],
    ['__proto__ as a string value', '{"a":"__proto__","b":["__proto__"]}'],
    ['U+0000 in a string value', '{"a":"\\u0000"}'],
    ['U+0000 in a name', '{"\\u0000":1,"\\u0000\\u0000":2}'],
    ['the word null as a value in quotes', '{"a":"null","null":"a"}'],
    ['null in an array, which is no member', '{"a":[null,[null]]}'],
    ['a value with an escaped quote before a colon', '{"a":"\\":null,\\"a\\":1"}'],
    ['a value that ends in a backslash', '{"a":"\\\\","b":"\\\\\\\\"}'],
    ['a value full of brackets', '{"a":"{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{["}'],
    ['a value with digits', '{"a":"1e999","b":"-1e999"}'],
    ['a value that looks like a repeated member', '{"a":"b","c":"{\\"a\\":1,\\"a\\":2}"}'],
    ['a value with raw U+2028', '{"a":"\u2028\\u2028","b":1}'],
    ['a string before a closing bracket, then a colon far away', '{"a":["a","a"],"b":{"c":"a"}}'],
    ['the greatest double', '{"a":1.7976931348623157e308,"b":-1.7976931348623157E+308}'],
    ['a number too small to tell from 0', '{"a":1e-999}'],
    ['a number with more digits than a double has', '{"a":123456789012345678901234567890.123456789}'],
    ['true and false', '{"a":true,"b":[false]}'],
    ['nesting of 32 by objects', nested(32)],
    ['nesting of 32 by arrays', `{"a":${nested(31, '[', '1', ']')}}`],
    ['nesting of 32, many times over', `{"a":[${Array(100).fill(nested(30)).join()}]}`],
  ])('%s', (_, text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })
})

describe('TOK-7: what has two readings, or none, is refused', () => {
  it.each([
    ['a repeated member', '{"a":1,"a":1}'],
    ['a repeated member, not next to the first', '{"a":1,"b":{"c":[1,2]},"a":2}'],
    ['a repeated member in an object in an array', '{"a":[1,{"b":1,"b":2}]}'],
    ['a repeated member at depth 32', nested(31, '{"a":', '{"b":1,"b":2}')],
    ['a repeated empty name', '{"":1,"":2}'],
    ['a repeated member, the second escaped', '{"a":1,"\\u0061":2}'],
    ['a repeated member, both escaped differently', '{"\\u004A":1,"\\u004a":2}'],
    ['a repeated member with an escaped slash', '{"a/b":1,"a\\/b":2}'],
    ['a repeated member as a surrogate pair', '{"\u{1F916}":1,"\\ud83e\\udd16":2}'],
    ['a repeated member with a quote in its name', '{"a\\"b":1,"a\\u0022b":2}'],
    ['a repeated member after an object as a value', '{"a":{"a":1},"a":2}'],
    ['a repeated member with white space before the colon', '{"a" \n:1,"a"\t: 2}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__ escaped', '{"\\u005f_proto__":{}}'],
    ['__proto__ escaped wholly', '{"\\u005f\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f":1}'],
    ['__proto__ deep inside', '{"a":[[{"__proto__":1}]]}'],
    ['a null member', '{"a":null}'],
    ['a null member after white space', '{"a" : \n null }'],
    ['a null member in an array of objects', '{"a":[{"b":1},{"b":null}]}'],
    ['a null member deep inside', '{"a":{"b":{"c":null}}}'],
    ['a number over the greatest double', '{"a":1e999}'],
    ['a number under the least double', '{"a":-1e999}'],
    ['such a number in an array', '{"a":[0,1E+400]}'],
    ['such a number by digits only', `{"a":${'9'.repeat(310)}}`],
    ['nesting of 33 by objects', nested(33)],
    ['nesting of 33 by arrays', `{"a":${nested(32, '[', '1', ']')}}`],
    ['nesting of 33 by an empty array', `{"a":${nested(31, '[', '[]', ']')}}`],
    ['nesting of thousands', nested(10_000)],
    ['an array', '[]'],
    ['an array of an object', '[{"a":1}]'],
    ['null', 'null'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['true', 'true'],
    ['nothing', ''],
    ['white space', ' '],
    ['two objects', '{}{}'],
    ['an object and a rest', '{} x'],
    ['a comment', '{/**/}'],
    ['a trailing comma', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['a raw newline in a string', '{"a":"\n"}'],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '{"a":Infinity}'],
    ['a leading zero', '{"a":01}'],
    ['hexadecimal', '{"a":0x1}'],
    ['a byte order mark', '\ufeff{}'],
    ['white space that is none in JSON', '\u00a0{}'],
  ])('%s', (_, text) => {
    expect(() => parse(text)).toThrow(SyntaxError)
  })

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong quote', [0xc0, 0xa2]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
    ['a byte that UTF-8 never has', [0xff]],
    ['a sequence that is cut', [0xe2, 0x82]],
    ['a code point over U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ])('TOK-2: bytes that are not UTF-8: %s', (_, bytes) => {
    const whole = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])
    expect(() => parseStrictJson(whole)).toThrow('not UTF-8')
  })

  it('UTF-16 is not read', () => {
    expect(() => parseStrictJson(Buffer.from('\ufeff{"a":1}', 'utf16le'))).toThrow('not UTF-8')
  })
})

describe('TOK-7: nothing is ever polluted', () => {
  it.each(['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"a":{"__proto__":{"polluted":1}}}'])('%s', (text) => {
    try {
      parse(text)
    } catch {
      // Refused or not, the prototype stays as it was.
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
