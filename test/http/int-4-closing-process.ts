import { createGuard, type GuardOptions } from '../../src/index.js'

/** A guard that has something to revoke, at an issuer that fails, is closed or left alone, and has to leave nothing behind. */
export interface Closing {
  readonly options: Pick<GuardOptions, 'issuer' | 'audience'>
  readonly token: string
  readonly closes: boolean
}

process.once('message', (closing: Closing) => { void run(closing) })

async function run({ options, token, closes }: Closing): Promise<void> {
  const silent = (): void => undefined
  const guard = createGuard({ ...options, audit: [], logger: { info: silent, warn: silent, error: silent } })
  const { status } = await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web')
  if (closes) await guard.close()
  process.send!(status, () => { process.disconnect() })
}
