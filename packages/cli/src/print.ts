import { dump } from 'js-yaml';
import { visible } from './print-value.js';
import type { World } from './world.js';

/** Data as JSON, as `--json` has it. */
export function printJson({ stdout }: Pick<World, 'stdout'>, data: unknown): void {
  stdout.write(jsonText(data));
}

export function jsonText(data: unknown): string {
  const lines = JSON.stringify(data, undefined, 2).split('\n');
  return `${lines.map(visible).join('\n')}\n`;
}

export function yamlText(data: unknown): string {
  return dump(data, { noRefs: true, lineWidth: 120 });
}

/** `1 route`, `2 routes`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Rows as columns of one width each; `paint` colours a cell without changing its width. */
export function printColumns(
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row, at) => {
      const last = row.findLastIndex((cell) => cell !== '');
      return row
        .slice(0, last + 1)
        .map((cell, column) => {
          const gap = column === last ? '' : ' '.repeat((widths[column] ?? 0) - cell.length);
          return paint(cell, column, at) + gap;
        })
        .join('  ');
    })
    .join('\n');
}
