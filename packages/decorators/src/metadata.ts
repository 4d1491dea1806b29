import { type Model, type RouteKind, type RouteOptions, SluiceError, type WindowFold } from '@sluice/core';

/** What a decorated class says of itself. It lives on the class; there is no registry. */
export interface HandlersMetadata {
  readonly id: string;
  readonly model: Model;
}

/** What a decorated method says of itself. */
export interface MethodMetadata {
  readonly method: string;
  readonly kind: RouteKind;
  readonly options: Omit<RouteOptions, 'id'>;
  /** Of a method that folds windows. */
  readonly window: { readonly state: WindowFold['state']; readonly close: string } | undefined;
}

const onClass = Symbol.for('sluice.handlers');
const onMethods = Symbol.for('sluice.methods');

interface Described {
  [onClass]?: HandlersMetadata;
  [onMethods]?: readonly MethodMetadata[];
}

export function describeClass(target: { readonly name: string }, metadata: HandlersMetadata): void {
  if (Object.hasOwn(target, onClass)) {
    throw new SluiceError(
      'HANDLERS_TWICE',
      `class ${target.name} has two @Handlers; decorate it once, and make another class for another model.`,
    );
  }
  Object.defineProperty(target, onClass, { value: Object.freeze(metadata) });
}

export function describeMethod(target: object, metadata: MethodMetadata): void {
  const value = [...ownMethods(target), Object.freeze(metadata)];
  Object.defineProperty(target, onMethods, { value, configurable: true });
}

export function classMetadata(target: object): HandlersMetadata | undefined {
  return Object.hasOwn(target, onClass) ? (target as Described)[onClass] : undefined;
}

/** The decorated methods of a class, those of its base classes first; one that is decorated again counts as its own. */
export function methodMetadata(target: object): readonly MethodMetadata[] {
  const base = Object.getPrototypeOf(target);
  const inherited = typeof base === 'function' && base !== Function.prototype ? methodMetadata(base) : [];
  const own = ownMethods(target);
  return [...inherited.filter(({ method }) => !own.some((mine) => mine.method === method)), ...own];
}

function ownMethods(target: object): readonly MethodMetadata[] {
  return (Object.hasOwn(target, onMethods) && (target as Described)[onMethods]) || [];
}

/** Standard (TC39) decorators are called with a context object; ours are the kind that every bundler compiles. */
export function refuseStandardDecorators(decorator: string, second: unknown): void {
  if (typeof second !== 'object' || second === null || !('kind' in second)) return;
  throw new SluiceError(
    'STANDARD_DECORATORS',
    `${decorator} was compiled as a standard (TC39) decorator; set "experimentalDecorators": true in the tsconfig.json that your compiler or bundler reads.`,
  );
}

/** On a static method the decorator gets the class, and there is no instance to call it on. */
export function refuseStaticMethods(decorator: string, target: object, method: string): void {
  if (typeof target !== 'function') return;
  throw new SluiceError(
    'STATIC_HANDLER',
    `${decorator} decorates ${method}, which is static; handlers are called on an instance, so take "static" away.`,
  );
}
