/** Tells an operator. A logger that throws changes no answer, and must not reject what no request waits for: that would end the process (ERR-2). */
export function tellSafely(tell: () => void): void {
  try {
    tell()
  } catch {
    // There is nobody else to tell.
  }
}
