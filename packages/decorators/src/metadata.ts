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
      `class ${target.name} has more than one @Handlers. A class is of one model under one id: decorate it once, and make another class for another model.`,
    );
  }
  Object.defineProperty(target, onClass, { value: Object.freeze(metadata) });
}

export function describeMethod(target: object, metadata: MethodMetadata): void {
  const earlier = Object.hasOwn(target, onMethods) ? ((target as Described)[onMethods] ?? []) : [];
  Object.defineProperty(target, onMethods, {
    value: [...earlier, Object.freeze(metadata)],
    configurable: true,
  });
}

export function classMetadata(target: object): HandlersMetadata | undefined {
  return Object.hasOwn(target, onClass) ? (target as Described)[onClass] : undefined;
}

/** The decorated methods of a class, those of its base classes first; one that is decorated again counts as its own. */
export function methodMetadata(target: object): readonly MethodMetadata[] {
  const base = Object.getPrototypeOf(target);
  const inherited = typeof base === 'function' && base !== Function.prototype ? methodMetadata(base) : [];
  const own = Object.hasOwn(target, onMethods) ? ((target as Described)[onMethods] ?? []) : [];
  return [...inherited.filter(({ method }) => !own.some((mine) => mine.method === method)), ...own];
}

/** Standard (TC39) decorators are called with a context object; ours are the kind that every bundler compiles. */
export function refuseStandardDecorators(decorator: string, second: unknown): void {
  if (typeof second !== 'object' || second === null || !('kind' in second)) return;
  throw new SluiceError(
    'STANDARD_DECORATORS',
    `${decorator} was compiled as a standard (TC39) decorator, which cannot decorate constructor parameters and is not compiled by every bundler. ` +
      'Set "experimentalDecorators": true in the compilerOptions of the tsconfig.json that your compiler or bundler reads.',
  );
}

/** On a static method the decorator gets the class, and there is no instance to call it on. */
export function refuseStaticMethods(decorator: string, target: object, method: string): void {
  if (typeof target !== 'function') return;
  throw new SluiceError(
    'STATIC_HANDLER',
    `${decorator} decorates the method ${method}, which is static. Handlers are called on the instance that the container makes: take "static" away.`,
  );
}
