#!/usr/bin/env node
import { runCommand } from './run-command.js'

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader may stop reading, as in `aap-guard conformance | head`: the exit code is that of the run.
    if (error.code !== 'EPIPE') process.exit(2)
  })
}

process.exitCode = await runCommand(process.argv.slice(2), process)
