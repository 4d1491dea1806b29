import { printRoutes, routeDiagram, routeList } from '@sluice/describe';
import { Command, Option } from 'commander';
import type { CommandFile } from '../command.js';
import { loadRouter } from '../load-router.js';
import { printJson } from '../print.js';

interface Options {
  readonly format: 'text' | 'json' | 'mermaid';
}

export const routes: CommandFile<Options> = {
  group: 'Read the routes',
  define: () =>
    new Command('routes')
      .description('List the routes: what each is of, its events, its filter in words, its options.')
      .addOption(
        new Option(
          '--format <format>',
          'a table, the same as data, or a diagram of streams, filters and handlers',
        )
          .choices(['text', 'json', 'mermaid'])
          .default('text'),
      ),
  examples: [
    ['routes', 'a table of the routes, in the order in which they run'],
    ['routes --format mermaid', 'a diagram, for a page of Markdown'],
  ],
  async run({ options, world }) {
    const router = await loadRouter({ options, world });
    const { stdout } = world;
    if (options.json || options.format === 'json') printJson(world, routeList(router));
    else if (options.format === 'mermaid') stdout.write(`${routeDiagram(router)}\n`);
    else stdout.write(`${printRoutes(router).replace(/^.*/, (titles) => stdout.style('bold', titles))}\n`);
    return 0;
  },
};
