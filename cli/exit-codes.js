// What the process ends with, and what people read about it.
'use strict'

const WORKED = 0
const FAILED = 1
const WRONG_USE = 2
const NO_ADDON = 3
// EX_SOFTWARE of sysexits.h.
const BUG = 70
// Of signals, by the shell's convention: 128 and the signal's number.
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

const ABOUT = [
  [WORKED, 'it worked'],
  [FAILED, 'a tracker failed'],
  [WRONG_USE, 'wrong usage, or a list had invalid lines (the rest is done)'],
  [NO_ADDON, "the package's addon is missing"],
  [BUG, 'a bug of this program, with a stack'],
  [SIGNALS.SIGINT, 'Ctrl-C'],
  [SIGNALS.SIGTERM, 'SIGTERM'],
  [SIGNALS.SIGHUP, 'SIGHUP']
]

module.exports = { WORKED, FAILED, WRONG_USE, NO_ADDON, BUG, SIGNALS, ABOUT }
