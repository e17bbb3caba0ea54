// As it is where bittorrent-tracker is transpiled.
'use strict'
module.exports = {
  testMatch: ['<rootDir>/*.test.js'],
  transform: { '\\.js$': '<rootDir>/transform.js' },
  transformIgnorePatterns: []
}
