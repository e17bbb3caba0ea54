// A failed request. Its text is the engine's (src/proto/failure.rs, src/requests/failure.rs, src/requests/transport.rs); the
// texts of what is thrown are in lib/options/.
'use strict'

/** Why a request ended without an answer. */
class Failure {
  /**
   * @param message The text of the `error` event.
   * @param code The `code` of a TrackerError.
   * @param address The tracker's address and port as text, or `null`.
   * @param phase 'lookup', 'connect', 'announce' or 'scrape', or `null`.
   * @param causeCode The system's, such as ENOTFOUND; of a BAD_RESPONSE what is wrong, such as ANNOUNCE_LENGTH; or `null`.
   */
  constructor(message, code, address = null, phase = null, causeCode = null) {
    this.message = message
    this.code = code
    this.address = address
    this.phase = phase
    this.causeCode = causeCode
  }
}

module.exports = Failure
