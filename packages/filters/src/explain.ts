import type { FilterNode } from './filter.js';
import { matcher } from './match.js';
import type { StreamRecord } from './record.js';

/** What a filter says of a record, and the part of it that decided. */
export interface Decision {
  readonly passes: boolean;
  readonly by: FilterNode;
}

/**
 * Which part of a filter decides about a record: the first of an `all` that does not pass, the first of an `any` that does.
 * Throws what the matcher throws where the filter cannot judge the record.
 */
export function decide(filter: FilterNode, record: StreamRecord): Decision {
  if (filter.kind === 'all') return decideList(filter, filter.filters, false, record);
  if (filter.kind === 'any') return decideList(filter, filter.filters, true, record);
  if (filter.kind === 'not') {
    const { passes, by } = decide(filter.filter, record);
    return { passes: !passes, by: by === filter.filter ? filter : { kind: 'not', filter: by } };
  }
  return { passes: matcher(filter)(record), by: filter };
}

/** The first part that says `deciding` decides alone; where none does, all together do. */
function decideList(
  filter: FilterNode,
  parts: readonly FilterNode[],
  deciding: boolean,
  record: StreamRecord,
): Decision {
  const passes = matcher(filter)(record);
  if (passes !== deciding) return { passes, by: filter };
  for (const part of parts) {
    try {
      const decision = decide(part, record);
      if (decision.passes === deciding) return decision;
    } catch {
      // It did not decide: another one did, as the whole could be judged.
    }
  }
  return { passes, by: filter };
}
