/** Why a command cannot do its work at all: wrong usage, a file, an adapter that is not there. Exit code 2. */
export class CannotRun extends Error {
  /** Whether the reader is helped by being told where the usage is explained. */
  readonly isUsage: boolean

  constructor(message: string, { isUsage = false, cause }: { isUsage?: boolean; cause?: unknown } = {}) {
    super(message, { cause })
    this.isUsage = isUsage
  }
}

export const wrongUsage = (message: string): CannotRun => new CannotRun(message, { isUsage: true })
