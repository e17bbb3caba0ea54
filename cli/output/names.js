// What trackers are called where room is scarce, and where their URLs are not for everybody.
'use strict'

const { createHash } = require('node:crypto')
const { fit, widthOf } = require('./text-width.js')

/** How a tracker is called where room is scarce: without `udp://` and without the path that most have. */
function shortName(url) {
  const [, rest] = /^udp:\/\/(.*)$/is.exec(url) || []
  return rest === undefined ? url : rest.replace(/\/(announce\/?)?$/i, '')
}

/** A short name in `width` columns. Its path goes first, then the end of its host: trackers of one host differ in ports. */
function fitName(name, width) {
  const [, host, port] = /^(.*?)(:\d+)(?:[/?].*)?$/.exec(name) || []
  if (widthOf(name) <= width || port === undefined || width < 2 * port.length) return name
  return `${fit(host, width - port.length)}${port}`
}

/** The address of an address and port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
const addressOf = (place) => place.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

// So that two of one tracker stay two, and nobody can tell what they are.
const digest = (text) => `redacted-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`

// What stands in the path of a tracker that has no passkeys.
const isPlain = (part) => part === '' || /^(announce|scrape)(\.php)?$/i.test(part)

/** A URL in which user and password, the parts of a path that may be a passkey, and the values of a query are hidden. */
function redacted(url) {
  const [, start, user = '', host, path = '', query = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*@)?([^/?#]*)([^?#]*)(.*)$/is.exec(url) || []
  if (start === undefined) return url
  const parts = path.split('/').map((part) => (isPlain(part) ? part : digest(part)))
  const fields = query.split(/([?&#])/).map((field) => {
    const [, name, value] = /^([^=]*=)(.*)$/s.exec(field) || []
    if (/^[?&#]?$/.test(field)) return field
    return value === undefined ? digest(field) : value === '' ? field : name + digest(value)
  })
  return start + (user && `${digest(user)}@`) + host + parts.join('/') + fields.join('')
}

module.exports = { addressOf, shortName, fitName, redacted }
