// The options `transport` and `family` of bittorrent-tracker's own Client, under `patch`. Its constructor keeps the options that
// it knows and drops the others, and nobody can come in between: the application has the class already. So they are seen
// where it reads an option that was not given, since what an object does not have is looked for in Object.prototype. Accessors
// stand there for that one read. An announce that goes out directly for want of this would be a leak.
'use strict'

// What the constructors of 7 to 11 read, one after another, between two fields that they set.
const READ = ['rtcConfig', 'getAnnounceOpts', 'userAgent', 'proxyOpts']
const SET_BEFORE = 'destroyed'
const SET_BEHIND = '_trackers'

const UNSEEN =
  `patch cannot see whether the options of this client have transport or family, since they have all of ${READ.join(', ')}, ` +
  'or no prototype: give the transport to patch'

let isWarned = false

/** Has every client that is made from `prototype` keep these options; returns a function that ends it. */
function keep(prototype) {
  watch(prototype, SET_BEFORE, expect)
  watch(prototype, SET_BEHIND, end)
  return () => {
    delete prototype[SET_BEFORE]
    delete prototype[SET_BEHIND]
  }
}

// Calls `onSet(object)` when the field of an object is set for the first time.
function watch(prototype, name, onSet) {
  Object.defineProperty(prototype, name, {
    configurable: true,
    set(value) {
      const field = { value, writable: true, enumerable: true, configurable: true }
      Object.defineProperty(this, name, field)
      onSet(this)
    }
  })
}

function expect(client) {
  for (const name of READ) {
    Reflect.defineProperty(Object.prototype, name, {
      configurable: true,
      get() {
        forget()
        client._transport = this.transport
        client._family = this.family
        return undefined
      }
    })
  }
}

function forget() {
  for (const name of READ) delete Object.prototype[name]
}

function end(client) {
  forget()
  if (isWarned || Object.hasOwn(client, '_transport')) return
  isWarned = true
  process.emitWarning(UNSEEN, { code: 'BITTORRENT_UDP_TRACKER_OPTIONS' })
}

module.exports = keep
