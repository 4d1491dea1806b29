import { faultyStore, type StoreUnderTest, storeSuite } from '@sluice/testing';
import { describe, it } from 'vitest';
import { memoryStore } from './memory-store.js';

const open = async (): Promise<StoreUnderTest> => faultyStore(memoryStore());
const inMemory = 'the rows live as long as the process';

describe('the memory store keeps the contract of the storage port', () => {
  for (const { name, skip, run } of storeSuite(open, {
    'what is written survives a reopen': inMemory,
    'a version of before a reopen is never used again for its key': inMemory,
  })) {
    it(name, { skip: skip !== undefined }, run);
  }
});
