export { type HandlerDecorator, Handlers, On, OnExpire, OnInsert, OnModify, OnRemove } from './decorators.js';
export { fromClasses, type HandlerClass } from './from-classes.js';
