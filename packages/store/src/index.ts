export { StoreClosedError, StoreInUseError, StoreWriteError, UnreadableStoreError } from './errors.js';
export { type FailureDocument, failureDocument } from './failure-document.js';
export { fileDestination } from './file-destination.js';
export { type FileStore, fileStore } from './file-store.js';
export { memoryStore } from './memory-store.js';
export { DestinationError, ObjectStoreError } from './sending-errors.js';
