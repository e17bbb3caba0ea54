// What a failed step is called in a table, in the same words in every command. The texts of errors are not made here.
'use strict'

const NO_SUCH_HOST =
  /ENOTFOUND|ENODATA|not known|no address|nodename|no such host|no data of the requested type/i
const NAME_SERVER = /EAI_AGAIN|ETIMEOUT|ECONNREFUSED|ESERVFAIL|temporary failure|try again/i

/** `no such host`, `port closed`, or the tracker's own words. `timeoutMs` is what a missing answer was waited for. */
function reasonOf(error, timeoutMs) {
  switch (error.code) {
    case 'TIMEOUT':
      return timeoutMs === undefined ? 'no answer' : `no answer within ${timeoutMs / 1000} s`
    case 'DNS':
      if (NO_SUCH_HOST.test(error.message)) return 'no such host'
      if (NAME_SERVER.test(error.message)) return 'no answer from the name server'
      return error.message
    default:
      return error.message === '' ? 'an error without words' : error.message
  }
}

/** An error as JSON has it. */
function errorFields(error) {
  return { code: error.code, message: error.message }
}

module.exports = { reasonOf, errorFields }
