import { type ReadResponse, readResponse, readState } from './lambda-response.js';
import { faultsFrom, type LambdaFault } from './lambda-simulator-faults.js';
import { startFunction } from './lambda-simulator-function.js';
import { type Answer, answerOf, type Batch, sequencesOf } from './lambda-simulator-mapping.js';
import type { CheckedOptions } from './lambda-simulator-options.js';
import type { WindowFields, WindowState } from './lambda-simulator-windows.js';

export interface LambdaInvocation {
  /** 1, 2, …, in the order in which they began. */
  readonly number: number;
  /** Which execution environment ran it: 1, 2, … */
  readonly sandbox: number;
  /** 0, 1, …, below the parallelization factor. */
  readonly lane: number;
  /** The sequence numbers that were delivered. */
  readonly delivered: readonly string[];
  /** What its event had besides, as one of a tumbling window. */
  readonly window?: WindowFields;
  /** How many retries the batch had taken. */
  readonly retries: number;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** What the handler answered, after a round through JSON. */
  readonly response?: unknown;
  /** What was thrown, by the handler, while making it, by the time limit, or by the end of its process. */
  readonly error?: unknown;
  /** The sequence number from which on is delivered again; `undefined` when all is acknowledged, or there were no records. */
  readonly retryFrom: string | undefined;
  /** Why Lambda cannot read the response, and so takes the whole batch as failed. */
  readonly fault?: string;
  /** What was to strike it. A moment after its end has not. */
  readonly struck?: LambdaFault;
  /** The number of the invocation that it repeats. */
  readonly duplicateOf?: number;
  /** Its answer never reached the mapping, which goes by the one of its duplicate. */
  readonly unheeded?: true;
}

/** What the mapping is told about a batch that it delivered. */
interface Delivery {
  readonly answer: Answer;
  readonly requestId: string;
  readonly hasThrown: boolean;
  /** What was answered to an event of a window, if that could be read. */
  readonly state: WindowState | undefined;
}

export interface Deliveries {
  /** How many invocations there were. */
  started(): number;
  deliver(batch: Batch, lane: number, window?: WindowFields): Promise<Delivery>;
  /** Waits for invocations that nobody heeds, ends all sandboxes, and gives the invocations. */
  end(): Promise<readonly LambdaInvocation[]>;
}

export function startDeliveries(mapping: CheckedOptions): Deliveries {
  const { clock, retry, readsResponse, seed } = mapping;
  const lambda = startFunction(mapping);
  const faultOf = faultsFrom(mapping.faults, seed);
  const idStart = (seed >>> 0).toString(16).padStart(8, '0');
  const invocations: LambdaInvocation[] = [];
  const unheeded: Promise<unknown>[] = [];
  let started = 0;

  async function deliver(batch: Batch, lane: number, window?: WindowFields): Promise<Delivery> {
    const planned = (duplicateOf?: number) => ({ ...plan(batch, lane, duplicateOf), window });
    const first = planned();
    const { duplicate } = first.fault;
    if (!duplicate) return invoke(first);
    const isFirst = duplicate.heeded === 'first';
    const one = invoke({ ...first, isHeeded: isFirst });
    const sleep = duplicate.afterMs > 0 ? clock.sleep(duplicate.afterMs) : Promise.resolve();
    const other = sleep.then(() => invoke({ ...planned(first.number), isHeeded: !isFirst }));
    unheeded.push(isFirst ? other : one);
    return isFirst ? one : other;
  }

  function plan(batch: Batch, lane: number, duplicateOf?: number): Omit<Invocation, 'window'> {
    started += 1;
    const { records, retries } = batch;
    const fault = faultOf({ number: started, records, retries, lane, duplicateOf });
    const isCold = batch.requestId !== undefined && retry === 'cold';
    const sandbox = fault.sandbox ?? (isCold ? 'new' : undefined);
    return { number: started, batch, lane, fault, sandbox, duplicateOf, isHeeded: true };
  }

  async function invoke(invocation: Invocation): Promise<Delivery> {
    const { number, batch, lane, window, fault, sandbox, duplicateOf, isHeeded } = invocation;
    const requestId = `${idStart}-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const event = { Records: batch.records, ...window };
    const ended = await lambda.invoke(event, requestId, { ...fault, ...(sandbox && { sandbox }) });
    const delivered = sequencesOf(batch.records);
    const hasThrown = 'error' in ended;
    const { state, ...read } = hasThrown
      ? { retryFrom: delivered[0] }
      : readAnswer(ended.response, delivered, window !== undefined);
    invocations.push({
      ...{ number, lane, delivered, retries: batch.retries, requestId, ...ended, ...read },
      ...(window && { window }),
      ...(Object.keys(fault).length > 0 && { struck: fault }),
      ...(duplicateOf !== undefined && { duplicateOf }),
      ...(!isHeeded && { unheeded: true }),
    });
    return { answer: hasThrown ? { kind: 'failed' } : answerOf(read), requestId, hasThrown, state };
  }

  function readAnswer(response: unknown, delivered: readonly string[], isOfWindow: boolean): ReadAnswer {
    const found = isOfWindow ? readState(response) : { state: undefined };
    if ('fault' in found) return { retryFrom: delivered[0], ...found };
    const read = readsResponse ? readResponse(response, delivered) : { retryFrom: undefined };
    return read.fault === undefined ? { ...read, ...found } : read;
  }

  return {
    started: () => started,
    deliver,
    async end() {
      await Promise.all(unheeded);
      lambda.end();
      return invocations.sort((one, other) => one.number - other.number);
    },
  };
}

type ReadAnswer = ReadResponse & { readonly state?: WindowState | undefined };

interface Invocation {
  readonly number: number;
  readonly batch: Batch;
  readonly lane: number;
  readonly window: WindowFields | undefined;
  readonly fault: LambdaFault;
  readonly sandbox: LambdaFault['sandbox'];
  readonly duplicateOf: number | undefined;
  readonly isHeeded: boolean;
}
