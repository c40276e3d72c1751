import { parseTimestamp } from './timestamp.js'

/** A span of time in epoch milliseconds, its start included and its end not (CON-4). */
export interface TimeWindow {
  readonly startMs: number
  readonly endMs: number
}

/** Compiles `{ start, end }` as it stands in a claim; `undefined` where it cannot hold. Other members are not looked at. */
export function compileTimeWindow(value: unknown): TimeWindow | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { start, end } = value as Readonly<Record<string, unknown>>
  if (typeof start !== 'string' || typeof end !== 'string') return undefined

  const startMs = parseTimestamp(start)
  const endMs = parseTimestamp(end)
  if (startMs === undefined || endMs === undefined || startMs >= endMs) return undefined
  return { startMs, endMs }
}

/** Whether every instant of the inner window is in the outer one (DEL-5). */
export function isWindowWithin(inner: TimeWindow, outer: TimeWindow): boolean {
  return outer.startMs <= inner.startMs && inner.endMs <= outer.endMs
}

/** No clock tolerance: TOK-6 gives it to other times only. */
export function isWithin(window: TimeWindow, nowMs: number): boolean {
  return window.startMs <= nowMs && nowMs < window.endMs
}
