import neostandard from 'neostandard'

const globalsOfPages = Object.fromEntries(
  ['devicePixelRatio', 'getComputedStyle', 'matchMedia', 'ResizeObserver'].map((name) => [name, 'readonly']))

export default [
  ...neostandard({ ts: true, ignores: ['.cache/**', 'dist/**', 'models/**', 'coverage/**', 'client/api.ts'] }),
  {
    rules: {
      '@stylistic/max-len': ['error', { code: 120, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true }],
    },
  },
  { files: ['public/**/*.js'], languageOptions: { globals: globalsOfPages } },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
]
