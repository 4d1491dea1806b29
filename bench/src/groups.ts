import { allocation } from './allocation.js';
import { decoding } from './decoding.js';
import { describe } from './describe.js';
import { dispatch } from './dispatch.js';
import type { Group } from './group.js';
import { lambda } from './lambda.js';
import { lanes } from './lanes.js';
import { ledger } from './ledger.js';
import { matching } from './matching.js';
import { once } from './once.js';
import { sizes } from './sizes.js';
import { start } from './start.js';

export const groups = {
  dispatch,
  matching,
  allocation,
  lanes,
  sizes,
  decoding,
  start,
  ledger,
  once,
  lambda,
  describe,
} satisfies Record<string, Group>;

export type GroupName = keyof typeof groups;
