'use strict'

// As it is where bittorrent-tracker is transpiled.
module.exports = {
  testMatch: ['<rootDir>/*.test.js'],
  transform: { '\\.js$': '<rootDir>/transform.js' },
  transformIgnorePatterns: []
}
