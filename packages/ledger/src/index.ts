export { ClaimLostError, LedgerUnavailableError, LedgerUnreadableError } from './errors.js';
export type { LargeObjects } from './large-objects.js';
export { createLedger } from './ledger.js';
export type { LedgerOptions } from './options.js';
export {
  type DiscardReport,
  type ListOptions,
  type ParkedChange,
  type ParkedChanges,
  type ParkedChangesOptions,
  parkedChanges,
} from './parked-changes.js';
export type { ParkedSelection, ToolOptions } from './parked-queues.js';
export type { StoredError } from './parked-rows.js';
export {
  ParkedChangeTooLargeError,
  ParkedChangeUnreadableError,
  RedriveStoppedError,
} from './parking-errors.js';
export { type RedriveOptions, type RedriveReport, redrive } from './redrive.js';
export { staleByItem } from './stale-by-item.js';
