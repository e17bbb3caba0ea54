import entry from './bittorrent-tracker.js'

export const { Client, UDPTracker, patch } = entry
