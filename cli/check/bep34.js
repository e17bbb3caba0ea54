// What a tracker's host says of its trackers in the DNS (BEP 34), in words. A record is `{ports, listed}`: ports such as
// `UDP:6969`, preferred ones first, and whether the tracker's own is among them.
'use strict'

/** What a record says, as a text: `UDP:6969 TCP:80`, or `DENY ALL`. */
const wordsOf = ({ ports }) => (ports.length === 0 ? 'DENY ALL' : ports.join(' '))

/** What a record says of the tracker that was checked, for people. */
function remarkOf(record) {
  if (record.ports.length === 0) return 'BEP 34: no tracker here'
  return `BEP 34 lists ${wordsOf(record)}${record.listed ? '' : ', not this port'}`
}

module.exports = { remarkOf, wordsOf }
