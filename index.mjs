import UdpTracker from './index.js'

export default UdpTracker
export const { announce, scrape, stats, TrackerError } = UdpTracker
