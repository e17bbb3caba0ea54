'use strict'

const js = require('@eslint/js')
const globals = require('globals')
const house = require('./scripts/eslint/house.js')

module.exports = [
  {
    ignores: [
      'target/',
      '**/node_modules/',
      'compat/scratch/',
      'bench/results/',
      'bench/.aquatic/',
      '**/*.d.ts'
    ]
  },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', ecmaVersion: 2023, globals: globals.node }
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { sourceType: 'module', ecmaVersion: 2023, globals: globals.node }
  },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      strict: ['error', 'safe']
    }
  },
  {
    // One form for all files; folders come in as they have it.
    files: ['bin/**', 'cli/**', 'scripts/eslint/**'],
    plugins: { house },
    rules: {
      'house/head': 'error',
      'house/node-colon': 'error',
      'house/file-names': 'error',
      'id-denylist': ['error', 'err', 'e']
    }
  }
]
