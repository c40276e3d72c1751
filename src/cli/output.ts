/** The part of a stream of the process that is written to. */
export interface Output {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

/** What a command has of its process. */
export interface CommandIo {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Exit codes: fine, something failed, could not run. */
export type ExitCode = 0 | 1 | 2
