import UdpTracker from './index.js'

export default UdpTracker
export { UdpTracker }
export const { announce, drain, once, scrape, stats, TrackerError } = UdpTracker
