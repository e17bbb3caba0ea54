// "Did you mean …?" for words that are nearly right.
'use strict'

// Insertions, deletions, replacements and neighbours in each other's place (Damerau and Levenshtein).
function distance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    rows.push([i])
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      rows[i][j] = Math.min(change, rows[i - 1][j] + 1, rows[i][j - 1] + 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1)
    }
  }
  return rows[a.length][b.length]
}

/** The one of `words` that was probably meant, or `null`. */
function meant(text, words) {
  if (text.length > 40) return null
  const near = words
    .map((word) => ({
      word,
      far: word.startsWith(text) && text.length > 2 ? 1 : distance(text, word)
    }))
    .filter(({ word, far }) => far <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.far - b.far)
  return near[0]?.word ?? null
}

/** `; did you mean "check"?`, or nothing. */
function suggestion(text, words) {
  const word = meant(text, words)
  return word === null ? '' : `; did you mean "${word}"?`
}

module.exports = { meant, suggestion }
