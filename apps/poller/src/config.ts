import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '@sluice/core';
import { z } from 'zod';

/** What the process is started with: a JSON file, flags, or both; flags win. Paths in the file are relative to it. */
const schema = z.strictObject({
  router: z.string().describe('module that exports the router, and its export after # ("router" by default)'),
  streams: z.array(z.string()).min(1).describe('table names or stream ARNs'),
  region: z.string().optional(),
  endpoint: z.url().optional().describe('another endpoint than AWS, for a local engine'),
  startingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).default('TRIM_HORIZON'),
  checkpointFile: z
    .string()
    .min(1)
    .optional()
    .describe('file that keeps the progress; one process at a time'),
  checkpointTable: z
    .string()
    .min(1)
    .optional()
    .describe('DynamoDB table that keeps the progress, in the same Region'),
  name: z.string().min(1).optional().describe("whose progress it is; the router's name by default"),
  onGap: z.enum(['halt', 'report']).default('halt'),
  maxAhead: z.number().int().min(0).default(1000),
  healthPort: z.number().int().min(0).max(65_535).default(8080),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  shutdownGraceMs: z.number().int().min(0).default(25_000),
});

export type Config = z.infer<typeof schema>;

export type Flags = {
  readonly [Name in keyof z.input<typeof schema>]?: z.input<typeof schema>[Name] | undefined;
};

/** Throws `ConfigurationError` with everything that is wrong, by the name of the setting. */
export function readConfig(file: string | undefined, flags: Flags): Config {
  const set = Object.entries(flags).filter(([, value]) => value !== undefined);
  const given: Record<PropertyKey, unknown> = { ...(file && readFile(file)), ...Object.fromEntries(set) };
  const parsed = schema.safeParse(given);
  const kept = [given['checkpointFile'], given['checkpointTable']].filter((place) => place !== undefined);
  if (parsed.success && kept.length === 1) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  throw new ConfigurationError([
    ...(kept.length === 1
      ? []
      : [
          `the progress has ${kept.length === 0 ? 'no place' : 'two places'}; give either "checkpointFile" (--checkpoint-file) or "checkpointTable" (--checkpoint-table)`,
        ]),
    ...issues.map(({ path: [setting, ...inside], message }) => {
      if (setting === undefined) return message;
      const problem = given[setting] === undefined ? 'is missing' : `cannot be used: ${message}`;
      return `setting "${[setting, ...inside].join('.')}" ${problem}${meaningOf(setting)}`;
    }),
  ]);
}

function readFile(file: string): object {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigurationError([`configuration file ${file} cannot be read: ${(error as Error).message}`]);
  }
  if (typeof content !== 'object' || content === null) {
    throw new ConfigurationError([`configuration file ${file} holds no object of settings`]);
  }
  const fromFile = (path: unknown) =>
    typeof path === 'string' && path !== '' ? resolve(dirname(file), path) : path;
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [
      name,
      name === 'router' || name === 'checkpointFile' ? fromFile(value) : value,
    ]),
  );
}

function meaningOf(setting: PropertyKey): string {
  const meaning =
    Object.hasOwn(schema.shape, setting) && schema.shape[setting as keyof typeof schema.shape].description;
  const flag = `--${String(setting).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return meaning ? ` (as a flag ${flag}: ${meaning})` : '';
}
