/** The part of pino's logger that Sluice uses; a pino instance satisfies it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

type Level = keyof Logger;

/**
 * JSON lines on the console, from level info up: `{"level":"warn","time":…,"msg":"…", …fields}`. An `err` field is written
 * as its name, message, code, stack and cause; logging never throws. Sluice itself never puts item data or keys into the fields.
 */
export const consoleLogger = loggerOf((level, fields, message) => {
  if (level !== 'debug') console[level](jsonLine({ level, time: Date.now(), msg: message, ...fields }));
});

/** Logs what must not depend on it: a logger that throws decides nothing. */
export function tell(logger: Logger, level: Level, fields: object, message: string): void {
  try {
    logger[level](fields, message);
  } catch {
    // There is nobody left to tell it to.
  }
}

/** The same logger with fields of its own in every line; those of the line itself win. */
export function withFields(logger: Logger, own: object): Logger {
  return loggerOf((level, fields, message) => logger[level]({ ...own, ...fields }, message));
}

function loggerOf(write: (level: Level, fields: object, message: string) => void): Logger {
  // An error has no fields of its own that could be copied: pino takes it for `err`, and so does this.
  const at = (level: Level) => (fields: object, message: string) =>
    write(level, fields instanceof Error ? { err: fields } : fields, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** One line of JSON, with errors as data. What cannot be written is told as `unwritable`; it never throws. */
export function jsonLine(line: object): string {
  return textOf(line) ?? JSON.stringify(withWritableFields(line), errorsAsData);
}

/** Nothing when something in it cannot be written: a circle, as in the errors of many HTTP clients, or a `toJSON` that throws. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, errorsAsData) ?? 'null';
  } catch {
    return undefined;
  }
}

function withWritableFields(line: object): object {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => {
      if (textOf(value) !== undefined) return [name, value];
      const error = value instanceof Error && { ...asData(value), cause: undefined };
      return [name, { ...error, unwritable: true }];
    }),
  );
}

function errorsAsData(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? asData(value) : value;
}

function asData({ name, message, code, stack, cause }: Error & { readonly code?: unknown }): object {
  return { name, message, code, stack, cause };
}
