import { filterCriteria as criteriaOf, type TableCriteria } from '@sluice/describe';
import { Command } from 'commander';
import type { CommandFile } from '../command.js';
import { UsageError } from '../errors.js';
import { loadRouter } from '../load-router.js';
import { wholeNumber } from '../options.js';
import { printColumns, printJson } from '../print.js';
import type { Output } from '../world.js';

interface Options {
  readonly table?: string;
  readonly metadata?: boolean;
  readonly maxFilters?: number;
}

export const filterCriteria: CommandFile<Options> = {
  group: 'Make documents of them',
  define: () =>
    new Command('filter-criteria')
      .description(
        "Print the FilterCriteria of each table's event source mapping: the narrowest that let through every record that a route wants, and " +
          'what they leave to the router.',
      )
      .summary("Print the FilterCriteria of each table's mapping, and what Lambda cannot test.")
      .option('--table <table>', 'those of one table alone, by its name or as `sluice routes` shows it')
      .option('--metadata', 'let patterns test eventName and userIdentity too; AWS promises only dynamodb')
      .option('--max-filters <count>', 'how many filters a mapping may have, 1 to 10', wholeNumber(1, 10), 5),
  examples: [
    ['filter-criteria', 'patterns of each table, and what could not be pushed down'],
    [
      'filter-criteria --table shop --json',
      'one FilterCriteria as `aws lambda create-event-source-mapping --filter-criteria` takes it',
    ],
  ],
  async run({ options, world }) {
    const router = await loadRouter({ options, world });
    const { table, metadata = false, maxFilters = 5 } = options;
    const all = criteriaOf(router, { metadata, maxFilters });
    if (table === undefined) {
      if (options.json) printJson(world, all);
      else world.stdout.write(`${all.map((one) => printCriteria(one, world.stdout)).join('\n\n')}\n`);
      return 0;
    }
    const named = router.tables.find(({ model, text, name }) => [model.name, text, name].includes(table));
    const one = all.find((criteria) => criteria.table === named?.text);
    if (!one) {
      throw new UsageError(
        `no route is of a table ${table}; the routes name ${all.map((criteria) => criteria.table).join(', ')}`,
      );
    }
    if (options.json) printJson(world, { Filters: one.filters });
    else world.stdout.write(`${printCriteria(one, world.stdout)}\n`);
    return 0;
  },
};

function printCriteria({ table, routeIds, filters, notPushedDown }: TableCriteria, out: Output): string {
  // What several routes leave to the router is told once.
  const left = Map.groupBy(notPushedDown, ({ condition, reason }) => JSON.stringify([condition, reason]));
  const rows = [...left.values()].map((same) => [
    `  ${same[0]?.condition}`,
    `${same[0]?.reason}`,
    same.map(({ routeId }) => routeId).join(', '),
  ]);
  return [
    out.style('bold', `table ${table}, for ${routeIds.join(', ')}`),
    ...(filters.length === 0 ? ['  no filter: every record has to come through'] : []),
    ...filters.map(({ Pattern }) => `  ${Pattern}`),
    ...(rows.length === 0 ? [] : [out.style('yellow', 'left to the router:'), printColumns(rows)]),
  ].join('\n');
}
