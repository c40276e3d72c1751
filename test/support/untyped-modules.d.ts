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
