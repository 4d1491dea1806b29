export { run } from './run.js';
export type { Format, Output, World } from './world.js';
