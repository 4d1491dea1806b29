export { type VirtualClock, virtualClock, type WakeLimit } from './virtual-clock.js';
