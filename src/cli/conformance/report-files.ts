import { lstat, open, unlink, writeFile } from 'node:fs/promises'
import { CannotRun } from '../cannot-run.js'
import type { ConformanceOptions } from './options.js'
import type { ConformanceRun } from './conformance-run.js'
import { describeError } from '../../model/describe-error.js'
import { formatExpectedFailures } from './expected-failures.js'
import { jsonReport } from './report-json.js'
import { junitReport } from './report-junit.js'

/** The files that a run is written to at its end. */
export interface ReportFiles {
  write(run: ConformanceRun): Promise<void>
  /** For a run that came to no end: leaves no file that could be taken for its result. */
  discard(): Promise<void>
}

interface ReportFile {
  readonly path: string
  /** What the file holds of an earlier run stays until there is something better. */
  readonly keepsOld: boolean
  /** `undefined` where there is nothing to write. */
  readonly format: (run: ConformanceRun) => string | undefined
}

/** Makes sure that all files can be written, before any case runs. @throws CannotRun */
export async function openReportFiles({ junit, json, writeExpectedFailures }: ConformanceOptions): Promise<ReportFiles> {
  const files: readonly ReportFile[] = [
    ...(junit === undefined ? [] : [{ path: junit, keepsOld: false, format: junitReport }]),
    ...(json === undefined ? [] : [{ path: json, keepsOld: false, format: jsonReport }]),
    ...(writeExpectedFailures === undefined ? [] : [{ path: writeExpectedFailures, keepsOld: true, format: listOf }]),
  ]
  const discard = async (): Promise<void> => { for (const { path } of files) await unlinkEmpty(path) }
  try {
    for (const { path, keepsOld } of files) await orCannotRun(path, async () => { await (await open(path, keepsOld ? 'a' : 'w')).close() })
  } catch (error) {
    await discard()
    throw error
  }
  return {
    async write(run) {
      for (const { path, format } of files) {
        const content = format(run)
        if (content === undefined) await unlinkEmpty(path)
        else await orCannotRun(path, () => writeFile(path, content))
      }
    },
    discard,
  }
}

/** An adapter that broke off has not shown what it fails. */
function listOf({ results }: ConformanceRun): string | undefined {
  return results.every(({ isAsked }) => isAsked) ? formatExpectedFailures(results) : undefined
}

/** Only ever a file that was made or emptied here; no device, and no link to one. */
async function unlinkEmpty(path: string): Promise<void> {
  try {
    const stats = await lstat(path)
    if (stats.isFile() && stats.size === 0) await unlink(path)
  } catch {
    // There is none, or it is not ours to take away.
  }
}

async function orCannotRun(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw new CannotRun(`cannot write ${path}: ${describeError(error)}`, { cause: error })
  }
}
