import { onTestFinished } from 'vitest'
import { aapOf, requireCapability, type GuardOptions } from '../../src/index.js'
import { sendJson, startApi, type Api } from '../support/api.js'
import { startAgentTokenIssuer, type AgentTokenIssuer, type AgentTokenIssuerOptions } from '../support/agent-token-issuer.js'
import type { ServerKind } from '../support/servers.js'

/** The least alike. */
export const opaqueKinds: readonly ServerKind[] = ['Express 5', 'node:http']

export const audience = 'https://api.example.com'

/** A server whose handlers answer what they find in `req.aap`. */
export function startOpaqueApi(kind: ServerKind, options: GuardOptions): Promise<Api> {
  const actions = { '/search': 'search.web', '/posts': 'posts.read', '/publish': 'cms.publish' }
  return startApi(kind, { audience, ...options }, ({ guard, handler }) => ({
    use: [guard],
    routes: [
      ...Object.entries(actions).map(([path, action]) => ({ path, run: [requireCapability(action), handler(path, (req, res) => { sendJson(res, aapOf(req)) })] })),
      { path: '/research', run: [requireCapability('search.web', { purposes: ['research'] }), handler('/research')] },
    ],
  }))
}

/** Closed when the test ends. */
export async function startIssuer(options?: AgentTokenIssuerOptions): Promise<AgentTokenIssuer> {
  const issuer = await startAgentTokenIssuer(options)
  onTestFinished(() => issuer.close())
  return issuer
}

/** A clock that a test moves. */
export function testClock(): { readonly now: () => number; readonly pass: (milliseconds: number) => void } {
  let nowMs = Date.UTC(2030, 4, 6, 12)
  return { now: () => nowMs, pass: (milliseconds) => { nowMs += milliseconds } }
}
