export { type Attribute, absent, type Comparable, type From } from './attribute.js';
export {
  type AttributeType,
  attribute,
  type Literal,
  payload,
  sameValue,
  typeOf,
} from './attribute-value.js';
export { canonicalDecimal, compareDecimals } from './decimal.js';
export {
  isSluiceError,
  MalformedValueError,
  MissingImageError,
  MissingKeyError,
  SluiceError,
} from './errors.js';
export { all, any, type Filter, type FilterKind, not, type Operand, type RemovedBy } from './filter.js';
export { type Image, imagesCarried, imagesRead } from './images.js';
export { type Captures, type KeyTemplate, parseKeyTemplate } from './key-template.js';
export {
  keyText,
  matcher,
  newImage,
  oldImage,
  type Predicate,
  removedBy,
  subjectImage,
  tableOf,
} from './match.js';
export {
  type Entity,
  type EntityModel,
  type EntityOptions,
  type EntityTypes,
  type KeyOf,
  type KeysOf,
  type KeyTemplates,
  keyFilter,
  type Model,
  type ModelTypes,
  modelFilter,
  type NativeItem,
  type NativeValue,
  type NumberPolicy,
  type Table,
  type TableKeys,
  type TableModel,
  type TableOptions,
  type TableTypes,
  table,
  tableOfModel,
  type Validate,
} from './model.js';
export { type PathSegments, parsePath, printPath, readPath } from './path.js';
export type { Path, ValueAt } from './path-types.js';
export { canPass } from './possible.js';
export { printFilter } from './print.js';
export type { AttributeMap, AttributeValue, EventName, StreamRecord, StreamViewType } from './record.js';
export {
  type Environment,
  type TablePattern,
  type TablePatternProblem,
  tablePattern,
} from './table-pattern.js';
