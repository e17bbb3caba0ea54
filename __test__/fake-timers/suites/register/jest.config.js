// Jest as it comes.
'use strict'

module.exports = { testMatch: ['<rootDir>/*.test.js'], transform: {} }
