// What the snippets of the documentation take for granted.
import type { Express, RequestHandler } from 'express'

declare global {
  const app: Express
  const search: RequestHandler
  const publish: RequestHandler
  const accessToken: string
  const childClaims: Record<string, unknown>
  const parentClaims: Record<string, unknown>
}
