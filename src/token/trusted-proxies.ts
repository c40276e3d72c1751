export class TrustedProxies {
  readonly isEmpty: boolean
  constructor(readonly entries: readonly string[]) { this.isEmpty = entries.length === 0 }
  has(remoteAddress: string | undefined): boolean { return remoteAddress !== undefined && this.entries.includes(remoteAddress) }
}
