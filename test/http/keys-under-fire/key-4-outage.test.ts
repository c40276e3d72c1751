import { describe, it, vi } from 'vitest'
import { expectHealthyProcess } from '../../support/process-health.js'
import { loudFailures } from '../../support/misbehaving-issuer.js'
import { promises } from './outage.js'

expectHealthyProcess()
// Twenty thousand decisions, perhaps on a busy machine: a limit against hanging, and nothing that is measured.
vi.setConfig({ testTimeout: 120_000 })

describe.each(loudFailures)('an issuer that $title', (failure) => {
  it.each(promises)('%s', (_title, prove) => prove(failure))
})
