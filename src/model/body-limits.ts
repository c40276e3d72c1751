/** How large the bodies of an admitted request may be, in bytes on the wire. What is absent is not limited (CON-6, CON-7). */
export interface BodyLimits {
  readonly requestBytes?: number | undefined
  readonly responseBytes?: number | undefined
}
