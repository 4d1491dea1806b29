import { demo } from './demo.js';

const isRight = await demo((line) => console.log(line));
process.exitCode = isRight ? 0 : 1;
