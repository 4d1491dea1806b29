import { putRow, type Row, type Written } from '@sluice/core';
import { ClaimLostError } from './errors.js';
import { callingOf, type Tool } from './parked-queues.js';
import { asJson, type ParkedRow, readable, type StoredChange } from './parked-rows.js';

/** How long a change stays claimed unless that is renewed, which is done each third of it. */
const claimMs = 60_000;

/** A change that this redrive has in hand. */
export interface ClaimedChange {
  /** As it stands by now: renewals have moved it on. */
  readonly row: Row;
  /** Aborts when another redrive has taken the change over, or may have. */
  readonly signal: AbortSignal;
  /** Renews no more. Resolves when no renewal is on its way. */
  release(): Promise<void>;
}

/** Claims a change at the version of its row; a refusal gives back what stands there. */
export async function claimChange(
  tool: Tool,
  row: Row,
  change: StoredChange,
  owner: string,
): Promise<ClaimedChange | { readonly current: Row | undefined }> {
  const written = await putClaim(tool, row, change, owner);
  return written.applied ? keepClaim(tool, written.row, change, owner) : { current: written.current };
}

function keepClaim(tool: Tool, claimed: Row, change: StoredChange, owner: string): ClaimedChange {
  const { clock } = tool;
  const released = new AbortController();
  const lost = new AbortController();
  let row = claimed;
  const renewing = renew();
  return {
    get row() {
      return row;
    },
    signal: lost.signal,
    release() {
      released.abort('released');
      return renewing;
    },
  };

  async function renew(): Promise<void> {
    // Lost a little before anybody else may begin.
    const lastMs = () => clock.now() + claimMs * 0.9;
    for (let untilMs = lastMs(); ; ) {
      await clock.sleep(claimMs / 3, released.signal);
      if (released.signal.aborted) return;
      const nextMs = lastMs();
      try {
        const written = await whileOurs(owner, row, (row) => putClaim(tool, row, change, owner, untilMs));
        if (!written.applied) return lost.abort(new ClaimLostError());
        row = written.row;
        untilMs = nextMs;
      } catch (error) {
        if (clock.now() + claimMs / 3 >= untilMs) return lost.abort(new ClaimLostError({ cause: error }));
      }
    }
  }
}

/** Writes on a row that only its owner should have moved on; a renewal whose reply was lost may have. */
export async function whileOurs(
  owner: string,
  claimed: Row,
  write: (row: Row) => Promise<Written>,
): Promise<Written> {
  for (let row = claimed; ; ) {
    const written = await write(row);
    if (written.applied || !written.current) return written;
    const parked = readable(written.current);
    if (parked?.state !== 'RUNNING' || parked.owner !== owner) return written;
    row = written.current;
  }
}

function putClaim(
  tool: Tool,
  { pk, sk, version }: Row,
  change: StoredChange,
  owner: string,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<Written> {
  const calling = callingOf(tool);
  const claim: ParkedRow = { state: 'RUNNING', change, owner, untilMs: tool.clock.now() + claimMs };
  return putRow(tool.store, { pk, sk, value: asJson(claim) }, version, {
    ...calling,
    untilMs: Math.min(calling.untilMs, untilMs),
  });
}
