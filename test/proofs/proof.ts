export interface Proof {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** What was promised and did not hold. */
  readonly broken: readonly string[]
}

/** As a table of Markdown. */
export function printProof(name: string, { headings, rows, broken }: Proof): void {
  const lines = [headings, ...rows].map((cells) => cells.map(String))
  const widths = headings.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]!.length)))
  const line = (cells: readonly string[]): string => `| ${cells.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`
  console.log(`\n${name}\n`)
  console.log([line(lines[0]!), line(widths.map((width) => '-'.repeat(width))), ...lines.slice(1).map(line)].join('\n'))
  console.log(broken.length === 0 ? '\nAll held.' : `\n${broken.map((what) => `BROKEN: ${what}`).join('\n')}`)
}

/** Goes on in a day of UTC that does not end for five minutes, so that a limit a day is one limit. */
export async function dayHasLeft(): Promise<void> {
  const day = 86_400_000
  const left = day - (Date.now() % day)
  if (left < 300_000) await new Promise((resolve) => { setTimeout(resolve, left + 1_000) })
}
