// Node's own check of addresses, without what it costs to load `net` for those who never ask.
'use strict'

/** 4 or 6 if the text is an IP address, 0 if not. */
module.exports = (text) => require('node:net').isIP(text)
