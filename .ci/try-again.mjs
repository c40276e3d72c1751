// A test that failed beside all others, on a machine that others use too, may be wrong about time, or may have found a race.
// Either has to be mended, but only a failure that can be had again is a reason not to merge: the files are run again by
// themselves, and all their tests have to pass each time. What failed at first is listed in any case.
// Takes the report of the run that failed; exits 1 where it stands.
import { execFileSync } from 'node:child_process'
import { failedTests } from './failed-tests.mjs'

/** More than these are no accident. */
const maxFiles = 3
const times = 5

const failed = failedTests(process.argv[2])
const files = [...new Set(failed.map(({ file }) => file))]
if (files.length === 0 || files.length > maxFiles) process.exit(1)
for (let time = 1; time <= times; time++) {
  console.log(`\nonce more, by themselves (${time} of ${times}): ${files.join(' ')}`)
  try {
    execFileSync('npx', ['vitest', 'run', '--maxWorkers=1', ...files], { stdio: 'inherit', env: { ...process.env, AAP_TEST_REPORT: undefined } })
  } catch {
    process.exit(1)
  }
}
