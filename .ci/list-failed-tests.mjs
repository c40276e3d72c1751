import { failedTests, listTests } from './failed-tests.mjs'

const [report, heading] = process.argv.slice(2)
listTests(heading, failedTests(report))
