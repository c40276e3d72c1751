import { describe, it, vi } from 'vitest'
import { expectHealthyProcess } from '../../support/process-health.js'
import { silentFailures } from '../../support/misbehaving-issuer.js'
import { promises } from './outage.js'

expectHealthyProcess()
// Twenty thousand decisions and two deadlines, perhaps on a busy machine: a limit against hanging, and nothing that is measured.
vi.setConfig({ testTimeout: 120_000 })

// Each waits for the deadline of 5 s (KEY-6), all of them together.
describe.concurrent.each(silentFailures)('an issuer that $title', (failure) => {
  it.each(promises)('%s', (_title, prove) => prove(failure))
})
