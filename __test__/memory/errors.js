// Reads valgrind's report (--xml=yes) as far as it is needed here: which errors have the addon in one of their stacks.
'use strict'

const within = (xml, name) =>
  [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, text]) => text)

const text = (xml, name) => within(xml, name)[0] ?? ''

// One line for an error: its kind, what valgrind says of it, and where it is in the addon.
function describe(error, addon) {
  const frames = within(error, 'frame').filter((frame) => text(frame, 'obj').includes(addon))
  const places = frames.map(
    (frame) =>
      `${text(frame, 'fn') || text(frame, 'ip')} ${text(frame, 'file')}:${text(frame, 'line')}`
  )
  const what = text(error, 'what') || text(text(error, 'xwhat'), 'text')
  return `${text(error, 'kind')}: ${what}\n${places.map((place) => `    at ${place}`).join('\n')}`
}

// `addon` is part of the file name of the addon; `others` are errors in which it has no part: node's own.
function readReport(xml, addon) {
  if (!xml.includes('</valgrindoutput>')) throw new Error('valgrind did not finish its report')
  const errors = within(xml, 'error')
  const isOurs = (error) => within(error, 'obj').some((file) => file.includes(addon))
  const ours = errors.filter(isOurs).map((error) => describe(error, addon))
  return { ours, others: errors.length - ours.length }
}

module.exports = { readReport }
