// Faults in what crosses the border to JavaScript that the tests of Rust must notice, each in one line of src/records: [file,
// text as it stands there once, text instead, what breaks].
'use strict'

// prettier-ignore
module.exports = [
  ['commands.rs', 'unwrap_or(Command::Reject(id, Failure::Unreadable))', 'unwrap_or(Command::Cancel(id))', 'a record that does not add up never settles'],
  ['commands.rs', 'if !(timeout.is_finite() && timeout > 0.0) {', 'if false {', 'a timeout that is no time is taken'],
  ['commands.rs', 'rest.is_empty() && (1..=', '(1..=', 'half an info-hash is taken'],
  ['commands.rs', 'self.url_bytes + bytes.len() > REMEMBERED_URL_BYTES', 'false', 'long URLs are remembered without end'],
  ['commands.rs', 'self.urls.len() >= REMEMBERED_URLS', 'false', 'URLs are remembered without end'],
  ['commands.rs', 'u64::from(self.session) << 32 | u64::from(number)', 'u64::from(number)', 'a session’s commands are another’s'],
  ['transports.rs', 'if self.known.len() >= MOST {', 'if false {', 'transports are remembered without end'],
  ['transports.rs', 'if let Some(known) = self.known.get(bytes) {', 'if let Some(known) = self.known.get(bytes).filter(|_| false) {', 'a transport is read anew for each request'],
  ['outcomes.rs', 'if self.batch.len() >= BATCH {', 'if false {', 'a batch is longer than the buffer it is read into'],
  ['outcomes.rs', 'if !self.batch.is_empty() {', 'if self.batch.len() > 100 {', 'a short outcome waits for the next'],
  ['outcomes.rs', 'batch.truncate(text);\n                batch.extend_from_slice(NO_TEXT);', '', 'a tracker’s error without words has no text'],
  ['outcomes.rs', 'self.record(RequestId(number.into()), FORGET, 0, 0, |_| {});', '', 'an application’s look-up is never told that nobody waits'],
  ['details.rs', 'address: named.or(address)', 'address: named', 'where a request failed is not told'],
  ['details.rs', 'Failure::NoAddress { .. } | Failure::LookUpTimeout(_) => phase(Phase::LookUp),', 'Failure::NoAddress { .. } | Failure::LookUpTimeout(_) => Self::default(),', 'that a look-up takes too long is not told'],
]
