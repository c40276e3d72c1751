/** Epoch milliseconds, with their fraction if the source has one. */
export type Clock = () => number
