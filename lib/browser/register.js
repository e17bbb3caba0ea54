// There is nothing to register in a browser: bittorrent-tracker has no UDP there.
'use strict'
