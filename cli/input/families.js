// Over which families a tracker is asked, each by itself.
'use strict'

// What it resolves a name to is a proxy's own choice.
const PROXY_WITH_NAMES = /^socks5h:/i

/**
 * The families of a tracker's addresses that are wanted, `family` being 0 for all; 0 alone where a proxy resolves its name,
 * of which the answer tells the family.
 */
function familiesOf({ parts }, family, transport) {
  if (family !== 0) return [family]
  if (parts.family !== 0) return [parts.family]
  return PROXY_WITH_NAMES.test(transport?.proxy ?? '') ? [0] : [4, 6]
}

module.exports = { familiesOf }
