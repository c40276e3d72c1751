import type { Aap } from './aap.js'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- this is how Express lets others extend its request
  namespace Express {
    interface Request {
      /** Set by `aapGuard`: who acts, for what, and what was decided. */
      readonly aap?: Aap
    }
  }
}
