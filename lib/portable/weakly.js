// What the event loop holds of a session while nothing is in flight: it knows the session weakly, and reaches no `require`, which
// would keep a module that nobody refers to any more.
'use strict'

/** Who hears of a session's sockets, for as long as there is the session. */
class Listener {
  constructor(session) {
    this.session = new WeakRef(session)
  }

  received(socket, datagram, from) {
    this.call('received', socket, datagram, from)
  }

  unreceived() {
    this.call('unreceived')
  }

  opened(socket, receiveBuffer) {
    this.call('opened', socket, receiveBuffer)
  }

  failed(socket) {
    this.call('failed', socket)
  }

  call(method, ...details) {
    const session = this.session.deref()
    if (session !== undefined) session[method](...details)
  }
}

/** Time may have come for a session. */
function expire(weak) {
  const session = weak.deref()
  if (session !== undefined) session.expireSoon()
}

module.exports = { Listener, expire }
