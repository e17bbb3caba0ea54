// A real network that loses datagrams: testbed/relay, a process on loopback in front of a tracker, or a tracker as well.
'use strict'

const { deadline } = require('./deadline.js')
const { TestBed } = require('./test-bed.js')

class Relay extends TestBed {
  /** Changes settings while it runs: `set({ loss: 5 })`. */
  async set(settings) {
    for (const line of lines(settings)) await this.ask(line)
  }

  /** The built-in tracker forgets its connection IDs, at one of its addresses or at all. */
  restart(address = '') {
    return this.ask(`restart ${address}`)
  }

  /** Nothing passes for that many milliseconds. */
  outage(ms) {
    return this.ask(`outage ${ms}`)
  }

  /** The ports that clients have sent from so far lead nowhere, for as long as anything comes from them. */
  cut() {
    return this.ask('cut')
  }

  /**
   * What became of all datagrams so far: `{up, down, overflowed}`, each direction by kind (connect, announce, scrape,
   * error, other) and by fate (forwarded, lost, outage, full, dropped). `overflowed` is what the relay lost by itself.
   */
  counts() {
    return this.ask('counts')
  }

  /** Asks for the counts until they are as `isEnough` wants them. */
  async counted(isEnough, whatIsMissing) {
    let isLate = false
    const asking = async () => {
      while (!isLate && !isEnough(await this.counts()));
    }
    await deadline(asking(), whatIsMissing).finally(() => (isLate = true))
  }
}

/** `{roundTrip: 50, after: [[500, {roundTrip: 400}]]}` as `round-trip 50` and `after 500 round-trip 400`. */
function lines(settings) {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (key === 'after') {
      return value.flatMap(([ms, change]) => lines(change).map((line) => `after ${ms} ${line}`))
    }
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    return [`${name} ${value === true ? '' : value}`.trim()]
  })
}

/** How many datagrams of all kinds went that way and had that fate; without a fate, all of them. */
function total(counts, direction, fate) {
  const fates = Object.values(counts[direction])
  const numbers = fates.flatMap((byFate) => (fate ? [byFate[fate]] : Object.values(byFate)))
  return numbers.reduce((sum, number) => sum + number, 0)
}

/**
 * Starts a relay to the tracker at `to` (address:port), or with `tracker: true` one that is the tracker. All else are
 * settings: see testbed/relay/settings.rs; times in milliseconds, losses in percent.
 */
async function startRelay({ listen = '127.0.0.1:0', tracker, to, seed = 1, ...settings }) {
  const place = tracker ? ['--tracker'] : ['--to', to]
  const args = [...place, '--listen', listen, '--seed', seed]
  for (const line of lines(settings)) {
    const [name, ...value] = line.split(' ')
    args.push(`--${name}`, value.join(' '))
  }
  const relay = new Relay('relay', args)
  const { address, port } = await relay.next()
  relay.port = port
  relay.address = address
  relay.url = `udp://${address.includes(':') ? `[${address}]` : address}:${port}`
  return relay
}

module.exports = { startRelay, total }
