// Jest's environments, with real timers at first and with fake ones from the very beginning.
'use strict'
const project = (displayName, testEnvironment, fakeTimers) => ({
  displayName,
  testEnvironment,
  fakeTimers,
  testMatch: ['<rootDir>/suites/jest.test.js'],
  transform: {}
})

module.exports = {
  projects: [
    project('node', 'node', {}),
    project('jsdom', 'jsdom', {}),
    project('node from the beginning', 'node', { enableGlobally: true }),
    project('jsdom from the beginning', 'jsdom', { enableGlobally: true }),
    project('older timers', 'node', { enableGlobally: true, legacyFakeTimers: true })
  ]
}
