'use strict'

// What has to work in a test suite that replaces the timers, for every runner in turn.

const PEER_ID = '-XX0100-abcdefghijkl'
// Of the realm that the suite runs in, which need not be that of the package.
const infoHash = () => new Uint8Array(20).fill(1)
const request = () => ({ peerId: PEER_ID, infoHash: infoHash(), port: 6881 })

function expect(isSo, what) {
  if (!isSo) throw new Error(what)
}

function outcome(tracker) {
  return new Promise((resolve, reject) => {
    tracker.once('update', resolve)
    tracker.once('error', (text) => reject(new Error(text)))
  })
}

/** Objects and promises are answered. */
async function isAnswered(UdpTracker, url) {
  const tracker = new UdpTracker(PEER_ID, infoHash(), url)
  const updated = outcome(tracker)
  tracker.announce('started')
  expect((await updated).seeds === 7, 'an update with 7 seeds')
  tracker.destroy()

  const answers = Array.from({ length: 20 }, () => UdpTracker.announce(url, request()))
  for (const { seeds } of await Promise.all(answers)) expect(seeds === 7, 'an answer with 7 seeds')
  const rows = await UdpTracker.scrape(url, Array.from({ length: 200 }, infoHash))
  expect(rows.length === 200 && rows[0].infoHash === '01'.repeat(20), '200 rows')
  expect((await UdpTracker.scrape(url, [])).length === 0, 'no rows')
}

/** The interval is the suite's to let pass: half an hour is over when its clock says so. */
async function announcesAgain(UdpTracker, url, pass) {
  const tracker = new UdpTracker(PEER_ID, infoHash(), url)
  const updated = outcome(tracker)
  tracker.announce('started')
  await updated
  const again = outcome(tracker)
  pass(1_799_999)
  expect(tracker._in_interval, 'an interval that is not over')
  pass(1)
  expect(tracker._socket !== null, 'an announce of the interval')
  await again
  tracker.destroy()
}

/** A limit is of real time: a suite's clock that stands still must not make a call wait for ever. */
async function givesUp(UdpTracker, silentUrl) {
  const error = await UdpTracker.announce(silentUrl, { ...request(), timeout: 50 }).then(
    () => new Error('answered'),
    (reason) => reason
  )
  expect(error.code === 'TIMEOUT', `a TIMEOUT instead of ${error}`)
}

/** An AbortController of the suite's realm will do. */
async function isAborted(UdpTracker, silentUrl) {
  const controller = new AbortController()
  const call = UdpTracker.announce(silentUrl, { ...request(), signal: controller.signal })
  controller.abort()
  const error = await call.then(
    () => new Error('answered'),
    (reason) => reason
  )
  expect(error.name === 'AbortError', `an AbortError instead of ${error}`)
}

module.exports = { announcesAgain, givesUp, isAborted, isAnswered }
