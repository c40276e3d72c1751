// What a developer would put in front of a route instead, each as its own documentation sets it up for production. None of
// the first four does more than verify the token; the last one is what a careful developer would write for this token.
import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { auth } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expressjwt } from 'express-jwt'
import jwksRsa from 'jwks-rsa'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'

const claimsSchema = JSON.parse(await readFile(new URL('../schemas/aap-claims.schema.json', import.meta.url), 'utf8'))

export const peers = {
  'express-oauth2-jwt-bearer': ({ issuer }) => auth({ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/jwks`, audience: issuer.audience, tokenSigningAlg: 'ES256' }),

  'express-jwt + jwks-rsa': ({ issuer }) => expressjwt({
    secret: jwksRsa.expressJwtSecret({ cache: true, rateLimit: true, jwksRequestsPerMinute: 5, jwksUri: `${issuer.issuer}/jwks` }),
    audience: issuer.audience,
    issuer: issuer.issuer,
    algorithms: ['ES256'],
  }),

  'MCP SDK': (fixtures) => {
    const verify = verifyByJose(fixtures)
    return requireBearerAuth({
      verifier: {
        async verifyAccessToken(token) {
          const { payload } = await verify(token)
          return { token, clientId: payload.sub, scopes: [], expiresAt: payload.exp }
        },
      },
    })
  },

  'jose by hand': (fixtures) => {
    const verify = verifyByJose(fixtures)
    return async (req, res, next) => {
      try {
        req.auth = (await verify(bearerOf(req))).payload
        next()
      } catch {
        res.status(401).json({ error: 'invalid_token' })
      }
    }
  },

  'jose + ajv + three limiters by hand': (fixtures) => {
    const verify = verifyByJose(fixtures)
    const validate = new Ajv2020({ strict: true }).compile(claimsSchema)
    const limiters = [60, 3_600, 86_400].map((duration) => new RateLimiterMemory({ points: 1e12, duration }))
    return async (req, res, next) => {
      try {
        const { payload } = await verify(bearerOf(req))
        const capability = validate(payload) ? payload.aap_capabilities.find(({ action }) => action === 'search.web') : undefined
        if (capability === undefined || !isWithin(new URL(req.query.url), capability.constraints)) {
          res.status(403).json({ error: 'aap_invalid_capability' })
          return
        }
        await Promise.all(limiters.map((limiter) => limiter.consume(payload.jti)))
        req.auth = payload
        next()
      } catch {
        res.status(401).json({ error: 'invalid_token' })
      }
    }
  },
}

function verifyByJose({ issuer }) {
  const keys = createRemoteJWKSet(new URL(`${issuer.issuer}/jwks`))
  return (token) => jwtVerify(token, keys, { issuer: issuer.issuer, audience: issuer.audience, algorithms: ['ES256'] })
}

function bearerOf(req) {
  return /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
}

function isWithin({ hostname }, { domains_allowed: allowed, domains_blocked: blocked }) {
  const matches = (entry) => hostname === entry || hostname.endsWith(`.${entry}`)
  return !blocked.some(matches) && allowed.some(matches)
}
