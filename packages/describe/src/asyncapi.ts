import type { Router } from '@sluice/core';
import type { AsyncApiDocument } from './asyncapi-document.js';

export interface AsyncApiOptions {
  /** Of the application; the router's name by default. */
  readonly title?: string;
  /** Of the application's document; `'1.0.0'` by default. */
  readonly version?: string;
  /** What the application is, in Markdown. */
  readonly description?: string;
}

/** The application of a router as an AsyncAPI 3.0 document: plain data, the same for the same router. */
export function asyncApi(
  _router: Pick<Router, 'name' | 'routes' | 'tables'>,
  _options: AsyncApiOptions = {},
): AsyncApiDocument {
  throw new Error('not written yet');
}
