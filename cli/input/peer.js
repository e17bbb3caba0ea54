// The peer that announces: a peer ID for each run, in the form that trackers know clients by (BEP 20).
'use strict'

const { randomInt } = require('node:crypto')
const { version } = require('../../package.json')
const { quoted } = require('../output/text.js')
const UsageError = require('../usage-error.js')

const DEFAULT_PORT = 6881
const LENGTH = 20
const CLIENT = 'TU'
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Client and version (2.0.0 is 2000), and 12 random letters. */
function randomPeerId() {
  const digits = version.split(/[.-]/, 3).map((part) => Number(part).toString(36).slice(-1))
  let id = `-${CLIENT}${digits.join('').toUpperCase()}0-`
  while (id.length < LENGTH) id += LETTERS[randomInt(LETTERS.length)]
  return Buffer.from(id)
}

/** `--peer-id`: 20 bytes of text, or as 40 digits of hex. */
function readPeerId(text) {
  if (text === undefined) return randomPeerId()
  if (/^[0-9a-f]{40}$/i.test(text)) return Buffer.from(text, 'hex')
  const bytes = Buffer.from(text)
  if (bytes.length !== LENGTH) {
    throw new UsageError(
      `--peer-id must be 20 bytes or 40 digits of hex, ${quoted(text)} is ${bytes.length} bytes`
    )
  }
  return bytes
}

/** Text where it is printable, else hex: either is what `--peer-id` takes. */
function peerIdText(bytes) {
  const text = bytes.toString('latin1')
  return /^[\x20-\x7e]*$/.test(text) ? text : bytes.toString('hex')
}

module.exports = { DEFAULT_PORT, randomPeerId, readPeerId, peerIdText }
