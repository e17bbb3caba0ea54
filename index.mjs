import UdpTracker from './index.js'

export default UdpTracker
export { UdpTracker }
export const { announce, drain, once, ping, scrape, stats, TrackerError } = UdpTracker
