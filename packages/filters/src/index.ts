export type {
  AnyAttribute,
  Attribute,
  Comparable,
  From,
  LiteralOf,
  MemberTests,
  NullTests,
  NumberTests,
  SizeTests,
  TextTests,
} from './attribute.js';
export { type AttributeType, attribute, payload, sameValue, typeOf } from './attribute-value.js';
export { canonicalDecimal, compareDecimals } from './decimal.js';
export {
  FilterPatternError,
  isSluiceError,
  MalformedValueError,
  MissingImageError,
  MissingKeyError,
  SluiceError,
} from './errors.js';
export { type Decision, decide } from './explain.js';
export {
  type AnyFilter,
  all,
  any,
  type CompareOperator,
  type CrossingDirection,
  eventName,
  type Filter,
  type FilterKind,
  type FilterNode,
  type Image,
  nodeOf,
  not,
  type Operand,
  type RecordWith,
  type RemovedBy,
  type ValueTest,
  type ValueTestKind,
  where,
} from './filter.js';
export { filterIndex, type Indexed } from './filter-index.js';
export { imagesCarried, imagesRead } from './images.js';
export { type Captures, type KeyTemplate, parseKeyTemplate } from './key-template.js';
export { patternMatcher } from './lambda-pattern.js';
export { addressOf } from './lambda-pattern-address.js';
export { reservedInOr } from './lambda-pattern-rules.js';
export {
  absent,
  type Decimal,
  decimal,
  type Literal,
  type NumberLiteral,
  streamRegion,
} from './literal.js';
export {
  keyText,
  matcher,
  newImage,
  oldImage,
  type Predicate,
  removerOf,
  subjectImage,
  tableOf,
} from './match.js';
export {
  type Attributes,
  type Entity,
  type EntityModel,
  type EntityOptions,
  type EntityTypes,
  inferredTtl,
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
  removedBy,
  type Table,
  type TableKeys,
  type TableModel,
  type TableOptions,
  type TableTypes,
  table,
  tableOfModel,
  type Validate,
} from './model.js';
export { type PathSegments, parsePath, pathOf, printPath, readPath } from './path.js';
export type { Path, ValueAt } from './path-types.js';
export { canPass, passesAbsent } from './possible.js';
export { printFilter } from './print.js';
export type { AttributeMap, AttributeValue, EventName, StreamRecord, StreamViewType } from './record.js';
export {
  type Environment,
  type TablePattern,
  type TablePatternProblem,
  tablePattern,
} from './table-pattern.js';
export { type Tested, type TestedKind, value } from './value-test.js';
