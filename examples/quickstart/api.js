import express from 'express'
import { aapGuard, requireCapability } from 'aap-guard'

const pages = [
  { title: 'What an agent may do', url: 'https://example.org/agents' },
  { title: 'Writing for people', url: 'https://example.org/writing' },
]

/**
 * An API for agents that research and write. Everything after `aapGuard` needs a token, and every route says which
 * action it is.
 *
 * @param {{ issuer: string, audience: string, audit?: import('aap-guard').AuditSink | [], store?: import('aap-guard').StateStore, storeTimeoutMs?: number }} settings
 *   whose tokens are accepted, who this API is in them, where audit records go (default: standard output), where quotas
 *   are counted (default: in this process), and how long that may take
 */
export function createApi({ issuer, audience, audit, store, storeTimeoutMs }) {
  const app = express()
  app.disable('x-powered-by')

  // Before the guard, and so open to everyone. CORS would stand here as well.
  app.get('/health', (req, res) => {
    res.json({ status: 'ok' })
  })

  app.use(aapGuard({ issuer, audience, audit, store, storeTimeoutMs }))
  app.use(express.json())

  const search = requireCapability('search.web', {
    target: (req) => req.query.url,
    purposes: ['research_and_draft_article', 'fact_check'],
  })
  app.get('/search', search, (req, res) => {
    // A real one would fetch req.aap.target: that very URL was checked, and not what the query said.
    res.json({ site: req.aap.target, pages, decision: req.aap.decision.correlationId })
  })

  const drafts = []
  app.post('/drafts', requireCapability('cms.draft'), (req, res) => {
    const draft = { id: drafts.length + 1, text: String(req.body?.text ?? ''), author: req.aap.agent.id }
    drafts.push(draft)
    res.status(201).json({ draft, decision: req.aap.decision.correlationId })
  })

  app.post('/posts/:id/publish', requireCapability('cms.publish'), (req, res) => {
    res.json({ published: req.params.id, decision: req.aap.decision.correlationId })
  })

  return app
}
