import { Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import type { AsyncApiDocument } from '../asyncapi-document.js';

const parser = new Parser();

/** What the parser finds wrong or doubtful; that there is a 3.1 by now is neither. */
export async function diagnosticsOf(document: AsyncApiDocument): Promise<readonly string[]> {
  const { diagnostics } = await parser.parse(JSON.stringify(document));
  return diagnostics
    .filter(({ code }) => code !== 'asyncapi-latest-version')
    .map(({ code, message, path }) => `${code} at ${path.join('.')}: ${message}`);
}

/** Judges values by the schemas of a document: nothing for one that fits, else why it does not. */
export function schemaJudge(
  document: AsyncApiDocument,
): (schema: string, value: unknown) => string | undefined {
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
  ajv.addSchema(document, 'document');
  return (schema, value) => {
    const fits = ajv.getSchema(`document#/components/schemas/${schema}`);
    if (!fits) return `there is no schema ${schema}`;
    return fits(value) ? undefined : ajv.errorsText(fits.errors);
  };
}
