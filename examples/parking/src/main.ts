import { demo } from './demo.js';

await demo((line) => console.log(line));
