#!/usr/bin/env node
import { conformanceUsage, runConformance } from './conformance/command.js'

const [command, ...args] = process.argv.slice(2)

if (command === 'conformance') {
  process.exitCode = await runConformance(args, (line) => { console.log(line) })
} else {
  console.log(conformanceUsage)
  process.exitCode = command === undefined || command === '--help' || command === '-h' ? 0 : 2
}
