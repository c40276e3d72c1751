export interface ResourceMetadata { readonly url: string; readonly path: string; readonly document: string }
export function compileBaseUrl(baseUrl: unknown): { readonly text: string; readonly origin: string } { const { origin } = new URL(baseUrl as string); return { text: baseUrl as string, origin } }
export function compileResourceMetadata(_: { baseUrl: string; issuers: readonly string[] | undefined; dpopAlgorithms: readonly string[] | undefined; isStrict: boolean; hasMtls: boolean }): ResourceMetadata { return { url: '', path: '', document: '{}' } }
