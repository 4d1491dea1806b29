export { StoreClosedError, StoreInUseError, StoreWriteError, UnreadableStoreError } from './errors.js';
export { type FileStore, fileStore } from './file-store.js';
export { memoryStore } from './memory-store.js';
