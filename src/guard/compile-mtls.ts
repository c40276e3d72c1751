export interface MtlsOptions { readonly header?: string; readonly selfSigned?: boolean }
export function compileMtls(option: unknown, _hasProxies: boolean): { readonly header: string | undefined; readonly allowsSelfSigned: boolean } | undefined { return option === false ? undefined : { header: undefined, allowsSelfSigned: false } }
