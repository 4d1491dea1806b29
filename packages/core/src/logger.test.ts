import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError, consoleLogger, withFields } from './index.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** The lines that a call writes to the console, by method. */
function linesOf(log: () => void): [Level, Record<string, unknown>][] {
  const lines: [Level, Record<string, unknown>][] = [];
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push([level, JSON.parse(line)]));
  }
  log();
  return lines;
}

afterEach(() => vi.restoreAllMocks());

describe('the console logger', () => {
  it('writes a line of JSON for each message, from info up, to the console method of its level', () => {
    const lines = linesOf(() => {
      consoleLogger.debug({ a: 1 }, 'not seen');
      consoleLogger.info({ a: 1 }, 'to know');
      consoleLogger.warn({ b: ['x'] }, 'to watch');
      consoleLogger.error({}, 'to mend');
    });
    expect(lines).toEqual([
      ['info', { level: 'info', time: expect.any(Number), msg: 'to know', a: 1 }],
      ['warn', { level: 'warn', time: expect.any(Number), msg: 'to watch', b: ['x'] }],
      ['error', { level: 'error', time: expect.any(Number), msg: 'to mend' }],
    ]);
  });

  it('writes errors as data, with code, stack and causes', () => {
    const err = new Error('outer', { cause: new TypeError('inner', { cause: { hint: 'deep' } }) });
    const [[, line]] = linesOf(() => consoleLogger.error({ err }, 'failed')) as [
      [Level, Record<string, unknown>],
    ];
    expect(line['err']).toEqual({
      name: 'Error',
      message: 'outer',
      stack: expect.stringContaining('logger.test'),
      cause: { name: 'TypeError', message: 'inner', stack: expect.any(String), cause: { hint: 'deep' } },
    });
    const [[, coded]] = linesOf(() => consoleLogger.warn({ err: new ConfigurationError(['a']) }, 'x')) as [
      [Level, Record<string, unknown>],
    ];
    expect(coded['err']).toMatchObject({ name: 'ConfigurationError', code: 'CONFIGURATION' });
  });

  it('takes an error in the place of fields for the err field, as pino does, also behind other fields', () => {
    const lines = linesOf(() => {
      consoleLogger.error(new TypeError('no mail'), 'failed');
      withFields(consoleLogger, { handlerId: 'h' }).warn(new TypeError('no mail'), 'failed');
    });
    const err = { name: 'TypeError', message: 'no mail', stack: expect.stringContaining('logger.test') };
    expect(lines).toMatchObject([
      ['error', { err }],
      ['warn', { err, handlerId: 'h' }],
    ]);
  });

  it('writes a bigint as its digits', () => {
    expect(linesOf(() => consoleLogger.info({ id: 12345678901234567890n }, 'x'))).toMatchObject([
      ['info', { id: '12345678901234567890' }],
    ]);
  });

  it.each<[string, () => object]>([
    [
      'an error that is its own cause',
      () => {
        const err = new Error('round');
        err.cause = err;
        return { err };
      },
    ],
    [
      'a cause that holds itself, as responses of HTTP clients do',
      () => {
        const request: Record<string, unknown> = { url: 'https://example.com' };
        request['self'] = request;
        return { err: new Error('round', { cause: request }) };
      },
    ],
    [
      'a value that cannot be written',
      () => ({
        err: new Error('round'),
        odd: {
          toJSON: () => {
            throw new Error('no');
          },
        },
      }),
    ],
  ])('still says what failed when it is given %s', (_what, fields) => {
    const lines = linesOf(() => consoleLogger.error({ handlerId: 'h', ...fields() }, 'handler failed'));
    expect(lines).toMatchObject([
      [
        'error',
        {
          level: 'error',
          msg: 'handler failed',
          handlerId: 'h',
          err: { message: 'round', stack: expect.any(String) },
        },
      ],
    ]);
  });
});
