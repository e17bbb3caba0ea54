// Answers that end an announce with an error, and the tracker's own errors: the texts are the
// same in both, and after each the process has nothing left to do and ends. A wrong transaction ID
// gets its text in both as well; ours gives a valid answer three seconds to come first.
'use strict'

const packets = require('../support/packets.js')
const { ACTION, answer, announceAnswer, connectAnswer, errorAnswer } = packets

const CONNECT_LENGTH = 'connect response is not 16 bytes long'
const ANNOUNCE_LENGTH = 'announce response should be 20 bytes'
const ERROR_LENGTH = 'error action response is not 9 bytes long'
const CONNECT_ID = 'transactionId is not same as in connect request'
const ANNOUNCE_ID = 'transactionId is not same as in announce request'

const PHASES = ['connect', 'announce']

// The scenario in which the phase's first request gets this answer instead of a valid one.
function ends(phase, what, text, malformed) {
  return {
    name: `${what} in answer to ${phase === 'connect' ? 'a connect' : 'an announce'}: ${text}`,
    tracker: { [phase]: malformed },
    both: {
      emits: [`emits error '${text}'`],
      sends: (sends) => sends.length === 1 + PHASES.indexOf(phase),
      exit: 'exit code 0'
    }
  }
}

const inEachPhase = (...rest) => PHASES.map((phase) => ends(phase, ...rest))

const wrongId = (script) => (request) => script(packets.otherTransactionId(request))
const shortened = (script, length) => (request) => script(request).subarray(0, length)
const unknown = (action) => (request) => answer(action, request.transactionId, Buffer.alloc(12))
const error = (bytes) => (request) => errorAnswer(request, bytes)

const wholeAnnounce = (request) => announceAnswer(request)
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

module.exports = [
  ...range(8, 15).map((length) =>
    ends('connect', `${length} bytes`, CONNECT_LENGTH, shortened(connectAnswer, length))
  ),
  ...range(8, 19).map((length) =>
    ends('announce', `${length} bytes`, ANNOUNCE_LENGTH, shortened(wholeAnnounce, length))
  ),
  ...inEachPhase('an error of 8 bytes', ERROR_LENGTH, error('')),
  ...inEachPhase('action 4', 'unsupported event:4', unknown(4)),
  ...inEachPhase('action 2', 'unsupported event:2', unknown(ACTION.scrape)),
  ...inEachPhase('the largest action', 'unsupported event:4294967295', unknown(2 ** 32 - 1)),
  ends('connect', 'action 4 and 8 bytes', 'unsupported event:4', (request) =>
    answer(4, request.transactionId)
  ),

  ends('connect', 'a wrong transaction ID', CONNECT_ID, wrongId(connectAnswer)),
  ends('announce', 'a wrong transaction ID', ANNOUNCE_ID, wrongId(wholeAnnounce)),
  ...inEachPhase('an error with a wrong transaction ID', CONNECT_ID, wrongId(error('no'))),
  ...inEachPhase(
    'an error of 8 bytes with a wrong transaction ID',
    ERROR_LENGTH,
    wrongId(error(''))
  ),
  ...inEachPhase(
    'action 4 with a wrong transaction ID',
    'unsupported event:4',
    wrongId(unknown(4))
  ),
  ends(
    'connect',
    '15 bytes with a wrong transaction ID',
    CONNECT_LENGTH,
    wrongId(shortened(connectAnswer, 15))
  ),
  ends(
    'announce',
    '19 bytes with a wrong transaction ID',
    ANNOUNCE_LENGTH,
    wrongId(shortened(wholeAnnounce, 19))
  ),

  // Too short for a transaction ID.
  ends('connect', '7 bytes', CONNECT_LENGTH, shortened(connectAnswer, 7)),
  ends('announce', '7 bytes', ANNOUNCE_LENGTH, shortened(wholeAnnounce, 7)),
  ...inEachPhase('4 bytes of an error', ERROR_LENGTH, shortened(error('no'), 4)),
  ...inEachPhase('4 bytes of action 4', 'unsupported event:4', shortened(unknown(4), 4)),

  ...inEachPhase('an error', 'torrent not registered', error('torrent not registered')),
  ...inEachPhase('an error of one letter', 'x', error('x')),
  ...inEachPhase('an error in UTF-8', 'трекер не знает ✓ 日本', error('трекер не знает ✓ 日本')),
  ends(
    'connect',
    'an error that is not UTF-8',
    'a\ufffdb\ufffd\ufffdc',
    error([0x61, 0xff, 0x62, 0xe2, 0x82, 0xe2, 0x82, 0x63])
  ),
  ends('connect', 'an error with a byte order mark', '\ufeffno', error('\ufeffno')),
  {
    name: 'the NUL some trackers end an error with is no part of our text',
    tracker: { connect: error('go away\0') },
    original: { emits: ["emits error 'go away\\x00'"], exit: 'exit code 0' },
    ours: { emits: ["emits error 'go away'"], exit: 'exit code 0' }
  },
  {
    name: 'an error with quotes and a line break is passed on as it is',
    tracker: { connect: error('say "no"\n') },
    both: { emits: ['emits error \'say "no"\\n\''], exit: 'exit code 0' }
  },
  {
    name: 'a wrong transaction ID is not outwaited: no send comes before its error',
    tracker: { connect: wrongId(connectAnswer) },
    client: ({ create }) => create({ opts: { _timeout: 50 } }).announce(2),
    both: {
      emits: [`emits error '${CONNECT_ID}'`],
      sends: ['connect protocol ID'],
      exit: 'exit code 0'
    }
  }
]
