/** An element of a document that was read by `parseXml`. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** The character data directly inside. */
  readonly text: string
}

const forbidden = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u
const references: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'' }
const nameStart = 'A-Za-z_:'
const attribute = new RegExp(`\\s+([${nameStart}][\\w:.-]*)\\s*=\\s*(?:"([^<"]*)"|'([^<']*)')`, 'y')
const openTag = new RegExp(`<([${nameStart}][\\w:.-]*)`, 'y')
const tagEnd = /\s*(\/?)>/y
const closeTag = new RegExp(`</([${nameStart}][\\w:.-]*)\\s*>`, 'y')
const characterData = /[^<]+/y

/**
 * The elements of an XML 1.0 document, as strictly as the specification reads what a report may be made of: a declaration,
 * elements, attributes, text, references. Anything that is not well-formed throws, and so do comments, CDATA and DTDs.
 */
export function parseXml(document: string): XmlElement {
  const bad = forbidden.exec(document)
  if (bad !== null) throw new Error(`the character U+${document.codePointAt(bad.index)!.toString(16)} may not be in a document`)
  let position = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position
    const match = pattern.exec(document)
    if (match !== null) position = pattern.lastIndex
    return match
  }
  const fail = (what: string): never => { throw new Error(`${what} at ${position}: ${JSON.stringify(document.slice(position, position + 60))}`) }

  const element = (): XmlElement => {
    const [, name = ''] = take(openTag) ?? fail('no element')
    const attributes: Record<string, string> = {}
    for (let match = take(attribute); match !== null; match = take(attribute)) {
      const [, key = '', doubleQuoted, singleQuoted] = match
      if (Object.hasOwn(attributes, key)) fail(`${key} stands there twice`)
      // Of white space in attributes only references survive.
      attributes[key] = resolve((doubleQuoted ?? singleQuoted)!.replace(/[\t\n\r]/g, ' '))
    }
    const [, selfClosing] = take(tagEnd) ?? fail('the tag does not end')
    const children: XmlElement[] = []
    let text = ''
    if (selfClosing === '/') return { name, attributes, children, text }
    for (;;) {
      const data = take(characterData)?.[0] ?? ''
      if (data.includes(']]>')) fail('"]]>" in text')
      text += resolve(data)
      const closing = take(closeTag)
      if (closing === null) children.push(element())
      else if (closing[1] === name) return { name, attributes, children, text }
      else fail(`${name} is not closed`)
    }
  }
  const resolve = (data: string): string => data.replace(/&([^;&]*);?/g, (whole, reference: string) => {
    if (whole.endsWith(';') && Object.hasOwn(references, reference)) return references[reference]!
    return fail(`a reference that is none, ${whole}`)
  })

  take(/<\?xml version="1\.0" encoding="UTF-8"\?>\s*/y)
  const root = element()
  take(/\s*/y)
  if (position < document.length) fail('something after the root')
  return root
}
