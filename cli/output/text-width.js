// How many columns of a terminal a text takes, and a text that fits.
//
// The usual library for this, string-width, is ESM with two dependencies and would have to be bundled; what it knows is in
// the Unicode properties of JavaScript's regular expressions. A test holds this against Python's unicodedata.
'use strict'

// East Asian Width W and F (UAX #11), with which all emoji that are shown as pictures count.
const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Tangut}\p{Script=Nushu}\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u33ff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{16fe3}\u{18b00}-\u{18cff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u
const HALF_WIDE = /[\uff61-\uffdc]/
// What joins the character before it.
const ZERO = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u
const PLAIN = /^[\x20-\x7e]*$/

function characterWidth(character) {
  if (character < '\u0300') return 1
  if (ZERO.test(character)) return 0
  return WIDE.test(character) && !HALF_WIDE.test(character) ? 2 : 1
}

/**
 * The columns of a text. Pictures that are joined of several (families, flags) count as these side by side, which is what
 * many terminals make of them: a row may come out short by that, it never wraps.
 */
function widthOf(text) {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

// As much of a text as `width` columns hold.
function head(text, width) {
  let kept = ''
  let taken = 0
  for (const character of text) {
    taken += characterWidth(character)
    if (taken > width) break
    kept += character
  }
  return kept
}

/** The text, cut with an ellipsis where it would take more than `width` columns. */
function fit(text, width) {
  if (widthOf(text) <= width) return text
  return width < 1 ? '' : `${head(text, width - 1)}…`
}

/** The text, filled up with blanks behind it; cut if it is longer. */
function column(text, width) {
  const fitting = fit(text, width)
  return fitting + ' '.repeat(width - widthOf(fitting))
}

/** The text in lines of at most `width` columns, broken at blanks; only a word that is longer than a line is broken itself. */
function wrap(text, width) {
  const lines = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (widthOf(line) > width) {
      const start = head(line, width)
      lines.push(start)
      line = line.slice(start.length)
    }
  }
  return [...lines, line]
}

// What our own tables are drawn with, in as many columns.
const DRAWN = { '…': '~', '×': 'x' }
const BARS = { '▁▂▃▄▅▆▇█': '_.,:-=+#', '▏▎▍▌▋▊▉': '-------' }
for (const [bars, letters] of Object.entries(BARS))
  [...bars].forEach((bar, i) => (DRAWN[bar] ??= letters[i]))

/** The text in ASCII, as wide as it was. */
function ascii(text) {
  if (PLAIN.test(text)) return text
  return Array.from(text, (character) => {
    return character < '\x7f'
      ? character
      : (DRAWN[character] ?? '?'.repeat(characterWidth(character)))
  }).join('')
}

module.exports = { ascii, widthOf, fit, column, wrap }
