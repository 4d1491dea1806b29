import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type AsyncApiOptions, asyncApi, asyncApiPage, type PageComponent } from '@sluice/describe';
import { Command, Option } from 'commander';
import type { CommandFile, SharedOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { loadRouter } from '../load-router.js';
import { jsonText, yamlText } from '../print.js';
import type { World } from '../world.js';
import { outputOption, writeDocument } from '../write-document.js';

interface Options {
  readonly format: 'yaml' | 'json';
  readonly html?: boolean;
  readonly output?: string;
  readonly title?: string;
  readonly documentVersion?: string;
  readonly description?: string;
}

export const asyncapi: CommandFile<Options> = {
  group: 'Make documents of them',
  define: () =>
    new Command('asyncapi')
      .description(
        'Write the application as an AsyncAPI 3.0 document: a channel per stream, its messages with the schemas of its items, an operation per route.',
      )
      .summary('Write the application as an AsyncAPI 3.0 document, or as a page that shows it.')
      .addOption(
        new Option('--format <format>', 'of the document; --json is json')
          .choices(['yaml', 'json'])
          .default('yaml'),
      )
      .addOption(
        new Option(
          '--html',
          'one static page that shows the document; needs the package @asyncapi/react-component',
        ).conflicts('format'),
      )
      .addOption(outputOption())
      .option('--title <title>', "of the application (default: the router's name)")
      .option('--document-version <version>', 'of the document (default: "1.0.0")')
      .option('--description <markdown>', 'what the application is'),
  examples: [
    ['asyncapi --output asyncapi.yaml', 'the document, to be kept with the code'],
    ['asyncapi --html --output asyncapi.html', 'one page to read in a browser'],
  ],
  async run({ options, world }) {
    if (options.html) refuseForPage(options, world);
    const router = await loadRouter({ options, world });
    const document = asyncApi(router, descriptionOf(options));
    const isJson = options.json || options.format === 'json';
    const text = options.html
      ? asyncApiPage(document, componentNear(world))
      : (isJson ? jsonText : yamlText)(document);
    await writeDocument(text, options.output, world);
    return 0;
  },
};

function refuseForPage({ json, output }: Options & SharedOptions, { stdout }: World): void {
  if (json) throw new UsageError('--html is for a page and --json for the document; give one of them');
  if (output === undefined && stdout.isTerminal) {
    throw new UsageError('--html is a page of megabytes, for no terminal; give --output <file>, or pipe it');
  }
}

function descriptionOf({ title, documentVersion, description }: Options): AsyncApiOptions {
  return {
    ...(title !== undefined && { title }),
    ...(documentVersion !== undefined && { version: documentVersion }),
    ...(description !== undefined && { description }),
  };
}

/** The component as the user's project has it, or else as this package does. */
function componentNear({ cwd }: World): PageComponent {
  for (const from of [join(cwd, 'package.json'), import.meta.filename]) {
    const require = createRequire(from);
    try {
      return {
        script: readFileSync(
          require.resolve('@asyncapi/react-component/browser/standalone/index.js'),
          'utf8',
        ),
        style: readFileSync(require.resolve('@asyncapi/react-component/styles/default.min.css'), 'utf8'),
      };
    } catch {
      // It is not there; the next place may have it.
    }
  }
  throw new UsageError(
    '--html needs the package @asyncapi/react-component, which is not installed here; npm install --save-dev @asyncapi/react-component',
  );
}
