import UdpTracker from './main.js'

export default UdpTracker
export const { announce, drain, ping, scrape, stats, TrackerError } = UdpTracker
