// The README's picture: what share of many announces at once was answered, in groups of bars by what the network loses. It
// has no background, and colours that suit a light page and a dark one.
'use strict'

const WIDTH = 720
const HEIGHT = 250
const PLOT = { left: 45, right: 705, top: 50, bottom: 205 }
const BAR = 42
const GAP = 6

const STYLE = `
text{font:12px system-ui,sans-serif;fill:#1f2328}
.small{font-size:11px}
.grid{stroke:#1f2328;stroke-opacity:.15}
.ours{fill:#1a9c66}.original{fill:#d9622b}.bittorrent-tracker{fill:#7080e8}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#e6edf3}}
`

const y = (share) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * share) / 100
const element = (name, attributes, content = '') => {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`)
  return `<${name}${list.join('')}>${content}</${name}>`
}

function grid(share) {
  const at = y(share)
  return (
    element('line', { class: 'grid', x1: PLOT.left, x2: PLOT.right, y1: at, y2: at }) +
    element('text', { x: PLOT.left - 8, y: at + 4, 'text-anchor': 'end' }, share)
  )
}

function group({ label, shares }, middle) {
  const entries = Object.entries(shares)
  const begin = middle - (entries.length * (BAR + GAP) - GAP) / 2
  const bars = entries.map(([client, share], index) => {
    const x = begin + index * (BAR + GAP)
    const box = { x, y: y(share), width: BAR, height: PLOT.bottom - y(share) }
    const place = { class: 'small', x: x + BAR / 2, y: y(share) - 5, 'text-anchor': 'middle' }
    return element('rect', { class: client, ...box }) + element('text', place, share)
  })
  return [...bars, element('text', { x: middle, y: 225, 'text-anchor': 'middle' }, label)].join('')
}

function legend(names) {
  return Object.entries(names).map(([client, name], index) => {
    const x = PLOT.left + index * 160
    const box = { class: client, x, y: 12, width: 12, height: 12 }
    return element('rect', box) + element('text', { x: x + 18, y: 22 }, name)
  })
}

/** The text of an SVG file. `groups` are `[{label, shares: {client: percent}}]`, `names` what each client is called. */
function sharesChart({ title, names, groups }) {
  const step = (PLOT.right - PLOT.left) / groups.length
  const parts = [
    element('title', {}, title),
    element('style', {}, STYLE),
    ...legend(names),
    ...[0, 25, 50, 75, 100].map(grid),
    ...groups.map((one, index) => group(one, PLOT.left + step * (index + 0.5)))
  ]
  const box = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}` }
  return `${element('svg', { ...box, width: WIDTH, height: HEIGHT }, parts.join('\n'))}\n`
}

module.exports = { sharesChart }
