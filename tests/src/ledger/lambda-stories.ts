import { type Played, play, type Story } from './lambda-world.js';

/** A kind of stories, and what is wrong with how one of them ended; empty when it kept what is promised. */
export interface Stories {
  readonly kind: Omit<Story, 'seed'>;
  problemsOf(played: Played): readonly string[];
}

const stops = { crash: 0.1, timeout: 0.1, freeze: 0.5, duplicate: 0.1 };

export const stories = {
  'failures, cold retries and a store that loses replies and throttles repeat nothing and reorder nothing': {
    kind: { isStoreFaulty: true },
    problemsOf: ({ judged, report }) => [...wrong(judged), ...ended(report)],
  },
  'crashes, time limits, frozen environments and duplicates lose nothing, and first runs keep the order of writes':
    {
      kind: { faults: stops },
      problemsOf: ({ judged, report }) => [
        ...wrong(judged, 'lost', 'outOfOrder', 'unexpected'),
        ...ended(report),
      ],
    },
  'a handler with once doubles nothing whose process was not stopped in the middle of it': {
    kind: { once: true, faults: stops, isStoreFaulty: true },
    problemsOf: ({ judged, report, unexcused }) => [
      ...wrong(judged, 'lost', 'outOfOrder', 'unexpected'),
      ...unexcused.map((one) => `doubled without a reason: ${one}`),
      ...ended(report),
    ],
  },
  'a handler with once doubles nothing at all in duplicate invocations': {
    kind: { once: true, faults: { duplicate: 0.4 } },
    problemsOf: ({ judged, report }) => [...wrong(judged), ...ended(report)],
  },
  'what never succeeds is parked, what comes behind it queues, and all of it is redriven in order': {
    kind: { poison: 0.1, onFailure: 'park-item', isStoreFaulty: true },
    problemsOf: ({ judged, report, left }) => [...wrong(judged), ...stays(left), ...ended(report)],
  },
  'redrives beside the deliveries keep the order too, and double nothing': {
    kind: { poison: 0.15, onFailure: 'park-item', isRedrivenMeanwhile: true },
    problemsOf: ({ judged, report, left }) => [...wrong(judged), ...stays(left), ...ended(report)],
  },
  'redrives, crashes, time limits and duplicates together lose nothing, and first runs keep the order of writes':
    {
      kind: { poison: 0.1, onFailure: 'park-item', isRedrivenMeanwhile: true, faults: stops },
      problemsOf: ({ judged, report, left }) => [
        ...wrong(judged, 'lost', 'outOfOrder', 'unexpected'),
        ...stays(left),
        ...ended(report),
      ],
    },
  'what is parked alone is neither lost nor doubled': {
    kind: { poison: 0.1, onFailure: 'park-record', isStoreFaulty: true },
    problemsOf: ({ judged, report, left }) => [
      ...wrong(judged, 'lost', 'repeated', 'unexpected'),
      ...stays(left),
      ...ended(report),
    ],
  },
  'what ends its process each time is parked after exactly its attempts, and holds up nothing for good': {
    kind: { killers: 0.08, onFailure: 'park-item' },
    problemsOf: ({ judged, report, miscounted, left }) => [
      ...wrong(judged, 'lost', 'outOfOrder', 'unexpected'),
      ...miscounted,
      ...stays(left),
      ...ended(report),
    ],
  },
  'so is what is parked alone, with the next change of its item ending its process too': {
    kind: { killers: 0.15, onFailure: 'park-record' },
    problemsOf: ({ judged, report, miscounted, left }) => [
      ...wrong(judged, 'lost', 'unexpected'),
      ...miscounted,
      ...stays(left),
      ...ended(report),
    ],
  },
} satisfies Readonly<Record<string, Stories>>;

export type StoryName = keyof typeof stories;

/** Plays a kind of stories, one for each seed from `first` on. Throws an `Error` that names the first seed that broke a promise, and how. */
export async function playAll(name: StoryName, first: number, count: number): Promise<void> {
  const { kind, problemsOf }: Stories = stories[name];
  for (let seed = first; seed < first + count; seed++) {
    const problems = problemsOf(await play({ ...kind, seed }));
    if (problems.length > 0) throw new Error(`seed ${seed}: ${problems.join('; ')}`);
  }
}

type Judgement = keyof Played['judged'];

function wrong(judged: Played['judged'], ...which: readonly Judgement[]): readonly string[] {
  const all: readonly Judgement[] = ['lost', 'repeated', 'outOfOrder', 'backInTime', 'unexpected'];
  return (which.length > 0 ? which : all).flatMap((one) =>
    judged[one].length > 0 ? `${one}: ${JSON.stringify(judged[one])}` : [],
  );
}

function ended({ status, discarded }: Played['report']): readonly string[] {
  return [
    ...(status === 'done' ? [] : [`the deliveries did not end: ${status}`]),
    ...(discarded.length > 0 ? [`discarded: ${discarded.join(' ')}`] : []),
  ];
}

function stays(left: readonly string[]): readonly string[] {
  return left.map((one) => `still there: ${one}`);
}
