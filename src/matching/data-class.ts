import type { DataClass } from '../model/data-class.js'

/** TSK-3's order. The last two share a rank: neither is below the other. */
const ranks: Readonly<Record<DataClass, number>> = {
  public: 0,
  internal: 1,
  confidential: 2,
  restricted: 3,
  personal: 3,
}

export function isDataClass(value: unknown): value is DataClass {
  return typeof value === 'string' && Object.hasOwn(ranks, value)
}

/** Whether a ceiling lets data of the declared class through: its own class and everything below (TSK-3, CON-9). */
export function admits(ceiling: DataClass, declared: DataClass): boolean {
  return declared === ceiling || ranks[declared] < ranks[ceiling]
}
