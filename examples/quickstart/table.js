const useColour = process.stdout.isTTY === true && !process.env.NO_COLOR
const maxWidth = 140
const gap = '  '

const paint = (code) => (text) => (useColour ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint(1)
export const dim = paint(2)
export const green = paint(32)
export const red = paint(31)

/**
 * Rows in columns. The last column is wrapped where a line would be longer than 140 characters.
 *
 * @param {readonly string[]} headings
 * @param {readonly (readonly string[])[]} rows plain text, a string for each heading
 * @param {(column: number, text: string) => string} colour paints a cell after it was padded
 */
export function formatTable(headings, rows, colour) {
  const widths = headings.map((heading, column) => Math.max(...[heading, ...rows.map((row) => row[column])].map((text) => text.length)))
  const last = headings.length - 1
  const indent = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0)
  widths[last] = Math.min(widths[last], maxWidth - indent)

  const line = (row, colourCell) => {
    const [first = '', ...more] = wrap(row[last], widths[last])
    const cells = row.map((text, column) => colourCell(column, column === last ? first : text.padEnd(widths[column])))
    return [cells.join(gap), ...more.map((text) => ' '.repeat(indent) + colourCell(last, text))].map((text) => text.trimEnd())
  }
  const rule = '─'.repeat(indent + widths[last])
  return [...line(headings, (_, text) => bold(text)), dim(rule), ...rows.flatMap((row) => line(row, colour)), dim(rule)].join('\n')
}

/** Breaks at spaces, and inside a word only where it is longer than a whole line. */
function wrap(text, width) {
  const lines = ['']
  for (let word of text.split(' ')) {
    if (lines.at(-1) !== '' && lines.at(-1).length + 1 + word.length > width) lines.push('')
    for (; word.length > width; word = word.slice(width)) lines.splice(-1, 1, word.slice(0, width), '')
    lines[lines.length - 1] = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`
  }
  return lines
}
