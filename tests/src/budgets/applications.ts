import { build } from 'esbuild';
import { root } from '../built.js';

/** The smallest applications on Lambda: what they bring along, and how long they take to start, is what Sluice costs. */
export const applications = {
  functions: `
      import { createRouter, route, table } from '@sluice/core';
      import { lambda } from '@sluice/lambda';
      const shop = table('shop', { keys: { partition: 'pk' } });
      const created = route.insert(shop, { id: 'created' }, () => {});
      export const handler = lambda(createRouter({ routes: [created] }));`,
  classes: `
      import { createRouter, table } from '@sluice/core';
      import { fromClasses, Handlers, OnInsert } from '@sluice/decorators';
      import { lambda } from '@sluice/lambda';
      import { Container, inject } from 'inversify';
      const shop = table('shop', { keys: { partition: 'pk' } });
      @Handlers('mail', shop)
      class Mail {
        constructor(@inject('mailer') mailer) { this.mailer = mailer; }
        @OnInsert() created() { this.mailer(); }
      }
      const container = new Container();
      container.bind('mailer').toConstantValue(() => {});
      export const handler = lambda(createRouter({ routes: fromClasses([Mail], container) }));`,
};

/** One minified file, and what each file that went into it has of its bytes. The built packages are bundled, as users have them. */
export async function bundled(entry: string): Promise<Bundled> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: entry, resolveDir: `${root}tests`, loader: 'ts' },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  const [file] = outputFiles;
  if (!output || !file) throw new Error('esbuild made no output.');
  const inputs = Object.keys(metafile.inputs).map((path) => [path, output.inputs[path]?.bytesInOutput ?? 0]);
  return { bytes: file.contents, inputs: Object.fromEntries(inputs) };
}

export interface Bundled {
  readonly bytes: Uint8Array;
  /** Also those of which nothing was left. */
  readonly inputs: Readonly<Record<string, number>>;
}
