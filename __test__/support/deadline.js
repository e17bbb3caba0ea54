// A bound for every wait of a test, with words for what did not come. TEST_SLOWNESS says how many times slower than a
// processor of its own an emulator is: then there is so much more time for everything.
'use strict'

const SLOWNESS = Number(process.env.TEST_SLOWNESS ?? 1)
const DEADLINE_MS = 10_000

// For the `skip` option of a test that looks at its process as the system sees it: under an emulator that is the emulator's.
const withoutEmulator = SLOWNESS > 1 && 'an emulator is more than the process in it'

// A time in which something has to be done.
const patient = (ms) => ms * SLOWNESS

async function deadline(promise, whatIsMissing, ms = DEADLINE_MS) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${whatIsMissing} within ${patient(ms)} ms`)),
      patient(ms)
    )
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

module.exports = { deadline, patient, withoutEmulator }
