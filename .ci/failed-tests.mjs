// What a report by Vitest (JSON) says of the tests that failed.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const maxTests = 20
const maxLines = 4
const maxLineLength = 300

/** `{ file, name, message }` of each. */
export function failedTests(report) {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  return testResults.filter(({ status }) => status === 'failed').flatMap(failuresOf)
}

/** A line for each, which the heading begins, and the first lines of its message. */
export function listTests(heading, failed) {
  for (const { file, name, message } of failed.slice(0, maxTests)) {
    console.log(`\n${heading} ${file}: ${name}`)
    for (const line of firstLines(message)) console.log(`    ${line}`)
  }
  if (failed.length > maxTests) console.log(`\nand ${failed.length - maxTests} more`)
}

/** Where a file fails to load, or a hook around its tests fails, no test has failed. Of the hook the report says nothing more. */
function failuresOf({ name, message, assertionResults }) {
  const file = relative(process.cwd(), name)
  const tests = assertionResults.filter(({ status }) => status === 'failed')
  if (tests.length === 0) return [{ file, name: message ? 'does not load' : 'a hook', message }]
  return tests.map(({ ancestorTitles, title, failureMessages }) => ({ file, name: [...ancestorTitles, title].join(' > '), message: failureMessages.join('\n') }))
}

function firstLines(message) {
  const lines = stripVTControlCharacters(message ?? '').replaceAll(`${process.cwd()}/`, '').split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !/^at .*(?:node_modules\/|<anonymous>)/.test(line)).slice(0, maxLines).map((line) => line.slice(0, maxLineLength))
}
