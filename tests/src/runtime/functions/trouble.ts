import { createRouter, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';

/** A function that does to itself what an item's attribute `does` says. What it did comes to the log, by the item's key. */
const items = table('items', { keys: { partition: 'pk' } });

const act = route.insert(items, { id: 'act' }, async ({ new: { pk, does, count } }, { attempt }) => {
  await troubles[does as keyof typeof troubles](Number(count));
  console.info(`did ${pk} at attempt ${attempt}`);
});

const troubles = {
  nothing: () => undefined,
  fail() {
    throw new Error('told to fail');
  },
  hang: never,
  block() {
    for (;;);
  },
  exit: () => process.exit(7),
  reject() {
    void Promise.reject(new Error('nobody waits for this'));
    return never();
  },
  meet: meeting(),
};

export const handler = lambda(createRouter({ routes: act }), {
  reserveMs: Number(process.env['RESERVE_MS'] ?? 1000),
});

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Resolves when so many calls of this process wait for it. */
function meeting(): (count: number) => Promise<void> {
  let arrived: (() => void)[] = [];
  return (count) =>
    new Promise((resolve) => {
      arrived.push(resolve);
      if (arrived.length < count) return;
      for (const go of arrived) go();
      arrived = [];
    });
}
