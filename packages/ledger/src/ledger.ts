import { randomUUID } from 'node:crypto';
import type { Ledger, Store } from '@sluice/core';
import { onceLayer } from './once.js';
import { openDelivery } from './open-delivery.js';
import { defaultClaimMs, defaultKeepDoneMs, type LedgerOptions } from './options.js';
import { openParking } from './parking.js';

/**
 * The memory of completed work that outlives a process, over a store: what is done above a failure, attempts, parked changes, and
 * the claims of handlers with `once`. One ledger may serve several routers, whose names keep them apart.
 *
 * On Lambda a delivery of which nothing fails costs one read; a handler with `once` costs two writes for each record. Throws a
 * `RangeError` for times that are none.
 */
export function createLedger(store: Store, options: LedgerOptions = {}): Ledger {
  const {
    claimMs = defaultClaimMs,
    keepDoneMs = defaultKeepDoneMs,
    newId = randomUUID,
    guard = false,
  } = options;
  if (!(claimMs > 0 && claimMs < Infinity)) {
    throw new RangeError(`Expected the ledger's claimMs as a number above 0, got ${claimMs}.`);
  }
  if (!(keepDoneMs > 0 && keepDoneMs < Infinity)) {
    throw new RangeError(`Expected the ledger's keepDoneMs as a number above 0, got ${keepDoneMs}.`);
  }
  const desk = { store, claimMs, keepDoneMs, newId, effects: new Map() };
  return {
    guard,
    open: (records, scope) => openDelivery(store, { ...options, newId }, records, scope),
    parking: (scope) => openParking(store, options, scope),
    once: (routerName, onceOptions) => onceLayer(desk, routerName, onceOptions),
  };
}
