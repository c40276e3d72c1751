/** A verified token's payload: an object that passed the strict parser (TOK-7). Nothing else is known of it. */
export type Claims = Readonly<Record<string, unknown>>

/** How many objects and arrays may stand inside each other in a payload, itself included (TOK-7). */
export const maxNesting = 32
