// What errors of sending say of the way out: src/net/path/sockets.rs judges those of the addon's sockets.
'use strict'

const util = require('node:util')
const network = require('./network.js')

// The same datagram could never be sent: too long, an address no packet can go to, a family the system does not have.
const LASTING = new Set(['EMSGSIZE', 'EAFNOSUPPORT', 'EDESTADDRREQ'])
const WITHOUT_ROUTE = new Set(['ENETUNREACH', 'EADDRNOTAVAIL'])

/**
 * Whether an error of sending is told at once, and as what; the others are retransmitted over.
 *
 * @param hasHeardOther Whether the last datagram that came, came over the other family.
 */
function judge(error, address, family, hasHeardOther) {
  const code = codeOf(error)
  const told = (isLasting, words) => ({ isLasting, code, words })
  if (code === 'EACCES' && family === 4 && network.isBroadcast(address)) {
    return told(true, 'it is a broadcast address')
  }
  if (isWithoutRoute(error) && (hasHeardOther || network.lacks(family))) {
    return told(true, `this machine has no route over IPv${family}`)
  }
  return told(LASTING.has(code), wordsOf(error))
}

/** What is told where no socket can be opened. It is the last word unless there is another one for the family. */
function withoutSocket(error, hasOther) {
  return {
    isLasting: !hasOther,
    code: codeOf(error),
    words: `cannot open a socket: ${wordsOf(error)}`
  }
}

const codeOf = ({ code }) => (typeof code === 'string' ? code : '')

/** Whether the system knows no way to send it. */
const isWithoutRoute = (error) => WITHOUT_ROUTE.has(codeOf(error))

// The system's words, as Node.js has them, without the name of its function.
function wordsOf(error) {
  const known = typeof error.errno === 'number' && util.getSystemErrorMap
  const [, words] = (known && util.getSystemErrorMap().get(error.errno)) || []
  return words === undefined ? error.message : `${words} (${codeOf(error)})`
}

module.exports = { isWithoutRoute, judge, withoutSocket }
