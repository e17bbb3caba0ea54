// What the event loop holds of a session while nothing is in flight: it knows the session weakly, and reaches no `require`, which
// would keep a module that nobody refers to any more.
'use strict'

/** Who hears of a session's sockets, for as long as there is the session. */
class Listener {
  constructor(session) {
    this.session = new WeakRef(session)
  }

  received(socket, datagram, from) {
    this.session.deref()?.received(socket, datagram, from)
  }

  unreceived(socket, error) {
    this.session.deref()?.unreceived(socket, error)
  }

  opened(socket, receiveBuffer) {
    this.session.deref()?.opened(socket, receiveBuffer)
  }

  failed(socket) {
    this.session.deref()?.failed(socket)
  }
}

/** Time may have come for a session. */
function expire(weak) {
  weak.deref()?.expireSoon()
}

module.exports = { Listener, expire }
