export { type AsyncApiOptions, asyncApi } from './asyncapi.js';
export type { AsyncApiDocument } from './asyncapi-document.js';
export { asyncApiPage, type PageComponent } from './asyncapi-page.js';
export { type CriteriaOptions, filterCriteria, type NotPushedDown, type TableCriteria } from './criteria.js';
