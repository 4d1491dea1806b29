import * as nodeFiles from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './log-file.js';

/** Makes a folder, and those it is in, durably. */
export async function makeFolder(folder: string): Promise<void> {
  const firstMade = await nodeFiles.mkdir(folder, { recursive: true });
  if (firstMade === undefined) return;
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) {
    await syncFolder(nodeFiles, dirname(made));
  }
}
