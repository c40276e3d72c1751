// Development dependencies that ship no types. Ambient, so that this file must not import anything at its top.

declare module 'compression' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  export default function compression(options?: { threshold?: number }): (req: IncomingMessage, res: ServerResponse, next: () => void) => void
}

declare module 'express4' {
  import express from 'express'
  export default express
}

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  export default class Provider {
    constructor(issuer: string, configuration: object)
    callback(): (req: IncomingMessage, res: ServerResponse) => void
  }
}

declare module 'memcached' {
  export default class Memcached {
    constructor(servers: string, options?: { poolSize?: number; timeout?: number; retries?: number; reconnect?: number })
    get(key: string, done: (error: unknown, value: unknown) => void): void
    incr(key: string, amount: number, done: (error: unknown, value: unknown) => void): void
    end(): void
  }
}
