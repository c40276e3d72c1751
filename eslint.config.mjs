import js from '@eslint/js'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['build', 'dist', 'coverage', 'src/schema/*validator.ts', 'src/model/wire-*.ts', 'test/consumers'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `as T` says what is there; `!` only says that something is.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      eqeqeq: ['error', 'always'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
  {
    files: ['test/**/*.test.ts'],
    ignores: ['test/properties/**'],
    rules: { 'no-restricted-imports': ['error', { paths: [{ name: 'fast-check', message: 'A property stands in test/properties, where `npm run fuzz` finds it.' }] }] },
  },
  {
    files: ['test/properties/oracles/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['**/src/**'], message: 'An oracle that asks the code knows no more than the code.' }] }] },
  },
  {
    files: ['test/properties/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', ...['assert', 'check'].map((property) => ({ object: 'fc', property, message: 'checkProperty has the seed and the runs of `npm run fuzz`.' }))] },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', 'examples/**/*.js', 'bench/**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', fetch: 'readonly',
        performance: 'readonly', crypto: 'readonly', setTimeout: 'readonly', setImmediate: 'readonly', globalThis: 'readonly', require: 'readonly', module: 'readonly',
      },
    },
  },
)
