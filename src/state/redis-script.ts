import { hash } from 'node:crypto'
import type { Script, ScriptClient } from './redis-client.js'

export function scriptOf(text: string): Script {
  return { text, digest: hash('sha1', text) }
}

/** Rejects where there is no connection, and none comes soon. */
export async function runWhenReady(client: ScriptClient, script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
  const becomingReady = client.untilReady()
  if (becomingReady !== undefined) await becomingReady
  return client.run(script, keys, args)
}
