// The peer ID and the info-hash that every scenario announces unless it says otherwise.
'use strict'

module.exports = {
  PEER_ID: Buffer.from('-XX0001-012345678901'),
  INFO_HASH: Buffer.from('00112233445566778899aabbccddeeff01234567', 'hex'),
  OTHER_INFO_HASH: Buffer.from('ffeeddccbbaa99887766554433221100fedcba98', 'hex')
}
