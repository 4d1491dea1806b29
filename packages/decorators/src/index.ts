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
  Window,
  type WindowDecorator,
} from './decorators.js';
export { fromClasses, type HandlerClass } from './from-classes.js';
