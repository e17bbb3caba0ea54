'use strict'

/** 4 or 6 if the text is an IP address, 0 if not. Node's, without what it costs to load `net` for those who never ask. */
module.exports = (text) => require('net').isIP(text)
