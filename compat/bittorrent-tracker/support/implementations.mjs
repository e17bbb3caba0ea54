// bittorrent-tracker's clients and ours by name: `theirs@VERSION` as they come, `patched@VERSION` with ours behind them, and
// `own`, the Client of this package. Version 7 gets its arguments as the others do.

import { createRequire } from 'node:module'

import ours from '../../../lib/bittorrent-tracker/index.js'

const require = createRequire(import.meta.url)
const ES_MODULES = ['10', '11']

/** bittorrent-tracker's own class of this version. */
export async function theirs(version) {
  const file = `../node_modules/bittorrent-tracker-${version}/client.js`
  if (!ES_MODULES.includes(version)) return require(file)
  const { default: Client } = await import(file)
  return Client
}

/** The class of this name. */
export async function load(implementation) {
  const [way, version] = implementation.split('@')
  if (way === 'own') return ours.Client
  const Client = await theirs(version)
  if (way === 'patched') ours.patch(Client)
  return version === '7' ? withOneArgument(Client) : Client
}

/** Version 7 with the arguments of the others. */
export function withOneArgument(Client) {
  function One({ peerId, port, infoHash, announce, ...rest }) {
    return Reflect.construct(Client, [peerId, port, { infoHash, announce }, rest], new.target)
  }
  One.prototype = Client.prototype
  return One
}
