// What a reader of the documentation writes first has to compile as it stands, without a cast.
import express, { type RequestHandler } from 'express'
import { aapGuard, aapOf, createGuard, defineConstraint, deny, pass, requireCapability, type Decision, type ResourceRequest } from 'aap-guard'
import type { GuardOptions } from 'aap-guard'
import 'aap-guard/express-types'

declare const search: RequestHandler
declare const publish: RequestHandler

export function twoSteps(): express.Express {
  const app = express()
  app.use(aapGuard())
  app.get('/search', requireCapability('search.web', { target: (req) => req.query.url }), search)
  app.post('/posts/:id/publish', requireCapability('cms.publish'), publish)
  // The types that Express infers from the path are still there behind the guard.
  app.get('/posts/:id', requireCapability('cms.read'), (req, res) => {
    const id: string = req.params.id
    res.json({ id, agent: aapOf(req).agent.id, task: req.aap?.task.id })
  })
  app.post('/drafts', requireCapability('cms.draft', { quantities: async (req) => ({ words: req.body.text.length }) }), search)
  app.get('/me', requireCapability.none('tells an agent who it is'), search)
  return app
}

export function onePage(): express.Express {
  const app = express()
  app.use(aapGuard({ routes: {
    'GET /search': { action: 'search.web', target: (req) => req.query.url },
    'POST /drafts': 'cms.draft',
    'GET /health': { public: true },
  } }))
  return app
}

export async function withoutFramework(request: ResourceRequest, options: GuardOptions): Promise<Decision> {
  const guard = createGuard(options)
  await guard.ready()
  const decision = await guard.authorize(request, 'search.web', { target: 'https://example.org/a' })
  if (decision.outcome === 'deny') console.log(decision.status, decision.error, decision.retryAfterSeconds, decision.reason?.rule, decision.reason?.detail)
  else console.log(decision.authorization?.agent.id, decision.capability?.action, decision.capability?.index)
  await guard.close()
  return decision
}

export const ownConstraint = defineConstraint({
  name: 'max_drafts',
  compile: (value, context) => (facts) => facts.drafts! < value ? pass : deny('aap_constraint_violation', `${context.action}: too many drafts`),
})
