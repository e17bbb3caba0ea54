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

/** The lines that `// prints:` comments announce. */
function printed(code) {
  const lines = [...code.matchAll(/^\/\/ prints: (.*)$/gm)]
  return lines.map(([, line]) => `${line}\n`).join('')
}

module.exports = { codeBlocks, isModule, printed }
