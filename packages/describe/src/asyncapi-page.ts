import type { AsyncApiDocument } from './asyncapi-document.js';

/** The component that draws the page, as text: `browser/standalone/index.js` and `styles/default.min.css` of `@asyncapi/react-component`. */
export interface PageComponent {
  readonly script: string;
  readonly style: string;
}

/** One static page that shows the document and asks the network for nothing. */
export function asyncApiPage(_document: AsyncApiDocument, _component: PageComponent): string {
  throw new Error('not written yet');
}
