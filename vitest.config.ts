import { defineConfig } from 'vitest/config'

const report = process.env['AAP_TEST_REPORT']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One seed for all properties, printed where it is drawn.
    globalSetup: ['test/support/fuzz-seed.ts'],
    // One worker a core; every suite opens its servers on free ports.
    maxWorkers: 2,
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report !== undefined && { outputFile: { json: report } }),
    testTimeout: 30_000,
    // Machines stand still now and then, some for seconds: what is waited for comes, and what never comes fails all the same.
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    coverage: { include: ['src/**'], exclude: ['src/schema/*validator.ts', 'src/model/wire-*.ts'] },
  },
})
