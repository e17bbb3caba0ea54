import UdpTracker from './index.js'

export default UdpTracker
export const { announce, drain, scrape, stats, TrackerError } = UdpTracker
