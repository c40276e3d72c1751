import { describe, it } from 'vitest'
import { memoryStore } from '../../src/state/memory-store.js'
import { storeContract } from '../../src/state/store-contract.js'

describe('the memory store', () => {
  for (const { name, run } of storeContract((now) => memoryStore({ now }))) it(name, run)
})
