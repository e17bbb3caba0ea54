// What kind of list a file is, as its first line tells: bare lines, a page, a table of which one column has trackers, or
// objects of which one field has them. `check` reads what it prints with --format csv and --json.
'use strict'

// A web page, XML, or a part of one: of what stands in it only the URLs are of interest. `<udp://…>` is none.
const PAGE = /^<(?:!doctype|!--|\?xml|[a-z][\w-]*[\s/>])/i
// What such a column or field is called.
const COLUMN = /^(?:url|uri|link|trackers?|announce(?:[ _-]?url)?)$/i
const DELIMITERS = [',', ';', '\t']

// RFC 4180: a field may stand in quotes, and has two for each within it.
function fieldsOf(line, delimiter) {
  const fields = []
  for (let at = 0; at <= line.length; at++) {
    let end
    if (line[at] === '"') {
      const [quoted] = /^"(?:[^"]|"")*"?/.exec(line.slice(at))
      fields.push(quoted.slice(1).replace(/"$/, '').replaceAll('""', '"'))
      end = line.indexOf(delimiter, at + quoted.length)
    } else {
      end = line.indexOf(delimiter, at)
      fields.push(line.slice(at, end < 0 ? undefined : end).trim())
    }
    if (end < 0) break
    at = end
  }
  return fields
}

// The tracker that an object of JSON has, '' if that is not what a line is.
function fieldOf(line) {
  try {
    const [, value] = Object.entries(JSON.parse(line)).find(([name]) => COLUMN.test(name)) ?? []
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}

/**
 * `{isPage, pick}` by the first line that has something in it: `pick(line)` is what a line is read as, '' for a line that is
 * none of the list.
 */
function kindOf(first) {
  if (PAGE.test(first)) return { isPage: true, pick: (line) => line }
  if (first.startsWith('{') && fieldOf(first) !== '') {
    // Whatever else stands there is read as any line is.
    return { isPage: false, pick: (line) => fieldOf(line) || line }
  }
  if (first.includes('://')) return { isPage: false, pick: (line) => line }
  for (const delimiter of DELIMITERS) {
    const names = fieldsOf(first, delimiter)
    const column = names.findIndex((name) => COLUMN.test(name))
    // With info-hashes beside them, trackers are not all that counts.
    if (names.length < 2 || column < 0 || names.some((name) => /hash/i.test(name))) continue
    const pick = (line) => (line === first ? '' : (fieldsOf(line, delimiter)[column] ?? '').trim())
    return { isPage: false, pick }
  }
  return { isPage: false, pick: (line) => line }
}

module.exports = { kindOf }
