import type { Target } from './group.js';

/** A table in Markdown. */
export function printTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${padded.join(' | ')} |\n`;
  };
  const rules = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return line(heads) + line(rules) + rows.map(line).join('');
}

export function printTargets(targets: readonly Target[]): string {
  return printTable(
    ['', 'measured', 'target', ''],
    targets.map((target) => [
      target.what,
      shown(target.measured, target),
      `${target.isAim ? 'aim: ' : ''}at most ${shown(target.atMost, target)}`,
      target.measured <= target.atMost ? 'met' : 'missed',
    ]),
  );
}

function shown(value: number, { unit }: Target): string {
  return `${value.toFixed(value < 10 && unit !== 'calls' ? 2 : 0)} ${unit}`;
}
