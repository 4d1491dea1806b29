import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundle, zipped } from './bundle.js';

/** `npm run bundle`: makes the zip that one uploads, and says how. */
const example = new URL('../../', import.meta.url);
const folder = fileURLToPath(new URL('dist/lambda-function/', example));

const files = await bundle({ entry: fileURLToPath(new URL('src/lambda.ts', example)), folder });
const zip = await zipped(folder, files);
const zipFile = join(folder, 'orders.zip');
await writeFile(zipFile, zip);

for (const file of files) {
  const bytes = await readFile(join(folder, file));
  console.log(`${file.padEnd(14)}  ${kilobytes(bytes)}, ${kilobytes(gzipSync(bytes))} compressed`);
}
console.log(`${'orders.zip'.padEnd(14)}  ${kilobytes(zip)}

aws lambda update-function-code --function-name orders --zip-file fileb://${relative(process.cwd(), zipFile)}

The function's handler is index.handler, its runtime nodejs22.x or nodejs24.x; docs/deploy-on-lambda.md has the settings of its trigger.`);

function kilobytes({ length }: Uint8Array): string {
  return `${(length / 1000).toFixed(1)} KB`;
}
