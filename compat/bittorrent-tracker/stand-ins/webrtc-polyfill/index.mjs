// Stands in for WebRTC, which wants a native build: bittorrent-tracker's client loads it, and UDP does not need it.

export const RTCPeerConnection = undefined
export const RTCSessionDescription = undefined
export const RTCIceCandidate = undefined
