import type { Logger } from '@sluice/core';
import type { World } from './world.js';

/** What goes wrong while streams are read or asked, for people. That nothing is kept, and how the reading goes, is no news here. */
export function loggerOn(world: Pick<World, 'stderr'>): Logger {
  const say = (format: 'yellow' | 'red') => (fields: object, message: string) => {
    const err = 'err' in fields && fields.err instanceof Error ? fields.err : undefined;
    if (err || format === 'red')
      tell(world, format, `${message}${err ? `: ${err.name}: ${err.message}` : ''}`);
  };
  return { debug() {}, info() {}, warn: say('yellow'), error: say('red') };
}

/** Beside the command's results. */
export function tell(
  { stderr }: Pick<World, 'stderr'>,
  format: 'dim' | 'yellow' | 'red',
  text: string,
): void {
  stderr.write(`${stderr.style(format, text)}\n`);
}
