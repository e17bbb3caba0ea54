// Columns of numbers beside a name, as many as a terminal has room for.
'use strict'

const GAP = '  '

/**
 * The columns that fit into `room`. Each takes its `width` and a gap; the ones with the largest `drop` go first, those
 * without stay.
 */
function fitting(columns, room) {
  const kept = [...columns]
  const taken = () => kept.reduce((sum, { width }) => sum + GAP.length + width, 0)
  while (taken() > room) {
    const least = Math.max(...kept.map(({ drop = 0 }) => drop))
    if (least === 0) break
    kept.splice(
      kept.findIndex(({ drop }) => drop === least),
      1
    )
  }
  return { columns: kept, width: taken() }
}

module.exports = { GAP, fitting }
