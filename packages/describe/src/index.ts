export { type AsyncApiOptions, asyncApi } from './asyncapi.js';
export type { AsyncApiDocument } from './asyncapi-document.js';
export { asyncApiPage, type PageComponent } from './asyncapi-page.js';
export {
  cloudFormation,
  type Fragment,
  type FragmentOptions,
  type References,
  type Resource,
  type SamEvents,
  samEvents,
  type TemplateValue,
} from './cloudformation.js';
export { type CriteriaOptions, filterCriteria, type NotPushedDown, type TableCriteria } from './criteria.js';
export {
  type DestinationType,
  type Infrastructure,
  infrastructure,
  type LedgerTable,
  type MappingOptions,
  type MappingSettings,
  type Permission,
  type StreamMapping,
} from './infrastructure.js';
export { printRoutes } from './print-routes.js';
export { routeDiagram } from './route-diagram.js';
export { type RouteEntry, routeList } from './route-list.js';
