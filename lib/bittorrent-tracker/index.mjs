import entry from './index.js'

export const { Client, UDPTracker, patch } = entry
