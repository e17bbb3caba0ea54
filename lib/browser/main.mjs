import UdpTracker from './main.js'

export default UdpTracker
export { UdpTracker }
export const { announce, drain, once, ping, scrape, stats, TrackerError } = UdpTracker
