// Lint rules for the form that all files of this project have, where eslint itself has none: what a file begins with, how
// modules of Node.js are named, and how files are.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { builtinModules } = require('node:module')

// `#!`, then the comment that says what the file is for, then 'use strict', then the imports.
const head = {
  meta: {
    type: 'layout',
    fixable: 'code',
    messages: {
      order: 'a file begins with a comment that says what it is for, then has {{directive}}'
    }
  },
  create(context) {
    const { sourceCode } = context
    return {
      Program(program) {
        const [first] = program.body
        if (first?.directive !== 'use strict') return
        const comments = sourceCode
          .getCommentsBefore(first)
          .filter(({ type }) => type !== 'Shebang')
        if (comments.length > 0) return
        const [next] = program.body.slice(1)
        const behind = (next ? sourceCode.getCommentsBefore(next) : []).filter(
          ({ type }) => type === 'Line'
        )
        const block = behind.filter(
          (comment, i) => i === comment.loc.start.line - behind[0].loc.start.line
        )
        const isHead = block.length > 0 && block[0].loc.start.line === first.loc.end.line + 2
        const report = { node: first, messageId: 'order', data: { directive: "'use strict'" } }
        if (!isHead) return context.report(report)
        const end = block[block.length - 1].range[1]
        const text = sourceCode.text.slice(block[0].range[0], end)
        context.report({
          ...report,
          fix: (fixer) => fixer.replaceTextRange([first.range[0], end], `${text}\n'use strict'`)
        })
      }
    }
  }
}

// The name of a module in `require('…')`, or `null`.
function required(node) {
  const [name] = node.arguments
  const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require'
  return isRequire && typeof name?.value === 'string' ? name : null
}

const ofNode = new Set(builtinModules)

const nodeColon = {
  meta: {
    type: 'suggestion',
    fixable: 'code',
    messages: { colon: 'modules of Node.js have node: before their names' }
  },
  create(context) {
    const look = (name) => {
      if (name === null || !ofNode.has(name.value)) return
      context.report({
        node: name,
        messageId: 'colon',
        fix: (fixer) => fixer.replaceText(name, `'node:${name.value}'`)
      })
    }
    return {
      CallExpression: (node) => look(required(node)),
      ImportDeclaration: ({ source }) => look(source)
    }
  }
}

const fileNames = {
  meta: {
    type: 'suggestion',
    fixable: 'code',
    messages: { name: 'files are named in full: {{name}}' }
  },
  create(context) {
    return {
      CallExpression(node) {
        const name = required(node)
        if (name === null || !/^\.\.?\/.*[^./]$/.test(name.value)) return
        const from = path.resolve(path.dirname(context.filename), name.value)
        if (path.extname(from) !== '' && fs.existsSync(from) && fs.statSync(from).isFile()) return
        const ending = ['.js', '/index.js'].find((end) => fs.existsSync(from + end))
        if (ending === undefined) return
        context.report({
          node: name,
          messageId: 'name',
          data: { name: name.value + ending },
          fix: (fixer) => fixer.replaceText(name, `'${name.value}${ending}'`)
        })
      }
    }
  }
}

module.exports = { rules: { head, 'node-colon': nodeColon, 'file-names': fileNames } }
