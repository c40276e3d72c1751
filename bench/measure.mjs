/** Runs each contender in turn, round after round, so that whatever else the machine does hits all alike. */
export async function interleave(contenders, rounds, warmUpRounds = 1) {
  const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const value = await run()
      if (round >= warmUpRounds) samples[name].push(value)
    }
  }
  return samples
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** The value that this share of all values does not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1]
}

/** The median over rounds of one contender over another of the same round. */
export function ratio(samples, name, base) {
  return median(samples[name].map((value, round) => value / samples[base][round]))
}

/** Microseconds of one call, over a batch that is prepared outside of the time. */
export async function timePerCall(count, prepare, call) {
  const batch = Array.from({ length: count }, (_, i) => prepare(i))
  const start = performance.now()
  for (const item of batch) {
    const result = call(item)
    if (result instanceof Promise) await result
  }
  return ((performance.now() - start) * 1000) / count
}
