// The rules that eslint has, and the house's own.
'use strict'

const js = require('@eslint/js')
const globals = require('globals')
const house = require('./scripts/eslint/house.js')

// An error is told from another by its code or its type. Its text is for people.
const ofMessages = ['property.name', 'name'].flatMap((name) => [
  `BinaryExpression[operator=/^[!=]=/][left.${name}='message'][right.value=/./]`,
  `BinaryExpression[operator=/^[!=]=/][left.${name}='message'][right.name=/./]`,
  `CallExpression[callee.property.name=/^(test|exec)$/][arguments.0.${name}='message']`,
  `CallExpression[callee.property.name=/^(match|includes|startsWith|endsWith|search|indexOf)$/][callee.object.${name}='message']`
])

module.exports = [
  {
    ignores: [
      'target/',
      'lib/portable/core-bytes.js',
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
    // One form for all files.
    files: ['**/*.js'],
    plugins: { house },
    rules: {
      'house/head': 'error',
      'house/node-colon': 'error',
      'house/file-names': 'error',
      'id-denylist': ['error', 'err', 'e']
    }
  },
  {
    files: ['index.js', 'lib/**', 'cli/**'],
    // Node.js tells the option that is wrong in a text alone.
    ignores: ['cli/options.js'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...ofMessages.map((selector) => ({
          selector,
          message: 'errors are told apart by their code, not by their text'
        }))
      ]
    }
  }
]
