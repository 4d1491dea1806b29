import { describe, expect, test } from 'vitest';
import { createCrew } from './crew.js';

const untilAbort = (signal: AbortSignal) =>
  new Promise<void>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );

describe('a crew', () => {
  test('is finished when all its tasks are, those that were started by tasks too', async () => {
    const ended: string[] = [];
    const crew = createCrew(undefined, () => {});
    crew.start(async () => {
      await Promise.resolve();
      crew.start(async () => {
        await Promise.resolve();
        ended.push('second');
      });
      ended.push('first');
    });
    await crew.finished();
    expect(ended).toEqual(['first', 'second']);
  });

  test('stops all tasks at the first failure, waits for them, and rejects with it; later ones are told as well', async () => {
    const told: unknown[] = [];
    const crew = createCrew(undefined, (error) => told.push(error));
    let isOver = false;
    crew.start(async () => {
      await untilAbort(crew.stopping).catch(() => Promise.resolve());
      isOver = true;
      throw 'later';
    });
    crew.start(async () => {
      throw 'first';
    });
    await expect(crew.finished()).rejects.toBe('first');
    expect(isOver).toBe(true);
    expect(told).toEqual(['first', 'later']);
  });

  test('takes an end by the stop that was asked for as no failure', async () => {
    const stop = new AbortController();
    const crew = createCrew(stop.signal, () => expect.unreachable());
    crew.start(() => untilAbort(crew.stopping));
    stop.abort();
    await crew.finished();
  });
});
