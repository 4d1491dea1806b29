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
export const consoleLogger: Logger = {
  debug: () => undefined,
  info: (fields, message) => write('info', fields, message),
  warn: (fields, message) => write('warn', fields, message),
  error: (fields, message) => write('error', fields, message),
};

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
  return {
    debug: (fields, message) => logger.debug({ ...own, ...fields }, message),
    info: (fields, message) => logger.info({ ...own, ...fields }, message),
    warn: (fields, message) => logger.warn({ ...own, ...fields }, message),
    error: (fields, message) => logger.error({ ...own, ...fields }, message),
  };
}

function write(level: Level, fields: object, message: string): void {
  console[level](jsonLine({ level, time: Date.now(), msg: message, ...fields }));
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
      const what =
        value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : {};
      return [name, { ...what, unwritable: true }];
    }),
  );
}

function errorsAsData(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const code = (value as { code?: unknown }).code;
  return { name, message, code, stack, cause };
}
