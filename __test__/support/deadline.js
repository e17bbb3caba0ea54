// A bound for every wait of a test, with words for what did not come.
'use strict'

const DEADLINE_MS = 10_000

async function deadline(promise, whatIsMissing, ms = DEADLINE_MS) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${whatIsMissing} within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

module.exports = { deadline }
