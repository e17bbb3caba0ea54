// Loaded into a process of bittorrent-tracker 9.7.0's tests: patches the class that they are about.
'use strict'

const { patch } = require('../../../lib/bittorrent-tracker/index.js')

patch(require('bittorrent-tracker-9.7.0'))
