// The code in a Markdown file, and what it says that it prints.
'use strict'

/** The code blocks with their language, heading and text, in order. */
function codeBlocks(markdown) {
  const blocks = []
  let heading = ''
  for (const [, title, language, text] of markdown.matchAll(
    /^#+ (.+)$|^```([^\n]*)\n([\s\S]*?)^```$/gm
  )) {
    if (title !== undefined) heading = title
    else blocks.push({ heading, language, text })
  }
  return blocks
}

const isModule = (code) => /^import /m.test(code)

/** The lines that comments announce, of those that begin with `mark`. */
function printed(code, mark = 'prints') {
  const lines = code.split('\n').filter((line) => line.startsWith(`// ${mark}: `))
  return lines.map((line) => `${line.slice(`// ${mark}: `.length)}\n`).join('')
}

/** A Markdown file's prose: without its code blocks. */
const proseOf = (markdown) => markdown.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '')

/** The anchors of a Markdown file's headings, as GitHub and npm make them. */
function anchorsOf(markdown) {
  const seen = new Map()
  return [...proseOf(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-')
    const count = seen.get(anchor) || 0
    seen.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

/** Where a Markdown file's links and pictures lead. */
function linksOf(markdown) {
  const prose = proseOf(markdown).replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^()\s]*)\)/g)].map(([, target]) => target)
}

module.exports = { anchorsOf, codeBlocks, isModule, linksOf, printed }
