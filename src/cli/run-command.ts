import type { CommandIo, ExitCode } from './output.js'
import { CannotRun, wrongUsage } from './cannot-run.js'
import { closest } from '../decision/did-you-mean.js'
import { describeError } from '../model/describe-error.js'
import { escapeUnprintable } from '../audit/printable.js'
import { packageVersion } from './package-files.js'
import { runConformance } from './conformance/command.js'

const usage = `aap-guard <command>

  conformance  runs the signed test vectors against this library, or against any
               other implementation; see aap-guard conformance --help

  --help       this text
  --version    the version of this package
`

/** What the process is, from its arguments to its exit code. Nothing leaves as a stack trace. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  try {
    return await dispatch(args, io)
  } catch (error) {
    const help = error instanceof CannotRun && error.isUsage ? `\nsee aap-guard ${args[0] === 'conformance' ? 'conformance ' : ''}--help` : ''
    io.stderr.write(`aap-guard: ${escapeUnprintable(describeError(error))}${help}\n`)
    return 2
  }
}

async function dispatch([command, ...args]: readonly string[], io: CommandIo): Promise<ExitCode> {
  switch (command) {
    case 'conformance':
      return runConformance(args, io)
    case '--help':
    case '-h':
      io.stdout.write(usage)
      return 0
    case '--version':
      io.stdout.write(`${packageVersion()}\n`)
      return 0
    case undefined:
      throw wrongUsage('no command')
    default: {
      const meant = closest(command, ['conformance', '--help', '--version'])
      throw wrongUsage(`unknown command ${JSON.stringify(command)}${meant === undefined ? '' : `, did you mean ${meant}?`}`)
    }
  }
}
