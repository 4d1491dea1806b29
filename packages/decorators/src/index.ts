export {
  type BatchDecorator,
  type HandlerDecorator,
  Handlers,
  On,
  OnBatch,
  OnExpire,
  OnInsert,
  OnModify,
  OnRemove,
} from './decorators.js';
export { fromClasses, type HandlerClass } from './from-classes.js';
