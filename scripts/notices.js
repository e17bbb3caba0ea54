// The notices of other people's code in an addon, which their licences want beside each copy of it: for every crate that is
// linked on a platform its name, its licence, and the text of that.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '..')
const OWN = 'bittorrent-udp-tracker'

// For a crate whose package has no file of its licence.
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom
the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING
FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

// It is in every addon and in no lock file.
const STANDARD_LIBRARY = {
  title: "Rust's standard library (MIT OR Apache-2.0)",
  texts: [`Copyright (c) The Rust Project Contributors\n\n${MIT}`]
}

/** The crates that a target links, by name: what the lock file pins, without what only tests, builds and macros need. */
function cratesOf(target) {
  const args = ['metadata', '--locked', '--format-version=1', '--filter-platform', target]
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 }
  const { packages, resolve } = JSON.parse(execFileSync('cargo', args, options))
  const byId = new Map(packages.map((one) => [one.id, one]))
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const isMacro = (id) => byId.get(id).targets.some(({ kind }) => kind.includes('proc-macro'))
  const found = new Set()
  const add = (id) => {
    if (found.has(id) || isMacro(id)) return
    found.add(id)
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null)) add(pkg)
    }
  }
  add(resolve.root)
  return [...found]
    .map((id) => byId.get(id))
    .filter(({ name }) => name !== OWN)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

// The files of the licences that apply: of several to choose from MIT, if it is among them.
function textsOf({ name, license, authors, manifest_path: manifest }) {
  const folder = path.dirname(manifest)
  const files = fs
    .readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|unlicense|notice)/i.test(file))
  if (files.length === 0) {
    if (!/\bMIT\b/.test(license)) throw new Error(`${name} (${license}) has no text of its licence`)
    return [`Copyright (c) ${authors.join(', ') || `the authors of ${name}`}\n\n${MIT}`]
  }
  const hasMit = files.includes('LICENSE-MIT')
  const others = /unicode|notice/i
  const chosen = hasMit
    ? files.filter((file) => file === 'LICENSE-MIT' || others.test(file))
    : files
  return chosen.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').trim())
}

/** The text of THIRD-PARTY-NOTICES.txt for a target. Crates with the same words stand together. */
function noticesFor(target) {
  const crates = cratesOf(target).map((crate) => ({
    title: `${crate.name} ${crate.version} (${crate.license})`,
    texts: textsOf(crate)
  }))
  const byText = new Map()
  for (const { title, texts } of [...crates, STANDARD_LIBRARY]) {
    for (const text of texts) byText.set(text, [...(byText.get(text) ?? []), title])
  }
  const parts = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`)
  const head = `The addon of ${OWN} for ${target} contains code of others, under these licences.\n`
  return [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`)
}

module.exports = { cratesOf, noticesFor }
