import { makeRoute, type Route, type Routes, type WindowFold, windowRoute } from '@sluice/core';
import { Container, injectFromHierarchy, type Newable } from 'inversify';
import { classMetadata, methodMetadata } from './metadata.js';

/** Of whatever kind its decorator has found it to be. */
type Method = Route['handle'] & WindowFold['add'] & WindowFold['close'];

/** A class with `@Handlers`. */
export type HandlerClass = new (...args: never[]) => object;

/**
 * The routes of decorated classes, in the order of the classes and their methods. Each class is resolved once, as a
 * singleton: through its own binding where the container has one, otherwise with its constructor's `@inject(Token)`s, those of
 * its base classes included. What cannot be resolved is told by `createRouter`, together with everything else that is wrong.
 */
export function fromClasses(
  classes: readonly HandlerClass[],
  container: Container = new Container(),
): Routes {
  const handlers = new Container({ parent: container });
  const byId = Map.groupBy(classes, (handlerClass) => classMetadata(handlerClass)?.id);
  const found = [...byId].flatMap(([id, sharing]) => {
    const each = sharing.map((handlerClass) => explore(handlerClass, handlers));
    return id && each.length > 1 ? sharedId(id, sharing, each) : each;
  });
  return {
    routes: found.flatMap(({ routes }) => routes),
    problems: found.flatMap(({ problems }) => problems),
  };
}

/** Their routes are left out: each of those with the same name would be told again. */
function sharedId(id: string, classes: readonly HandlerClass[], each: readonly Routes[]): Routes {
  const names = classes.map(({ name }) => name).join(', ');
  const shared = `the id "${id}" is of classes ${names}; give each class once, and an id of its own`;
  return { routes: [], problems: [shared, ...each.flatMap(({ problems }) => problems)] };
}

function explore(handlerClass: HandlerClass, container: Container): Routes {
  const metadata = classMetadata(handlerClass);
  if (!metadata?.id) {
    return problem(
      `class ${handlerClass.name} has no id; decorate it with @Handlers('an-id-that-stays', Entity)`,
    );
  }
  const { id, model } = metadata;
  if (!model) {
    return problem(
      `handler class "${id}" has no model yet, as two modules import each other; move the model to a module of its own`,
    );
  }
  const methods = methodMetadata(handlerClass);
  if (methods.length === 0)
    return problem(`handler class "${id}" has no handlers; decorate methods with @OnInsert, @On or another`);
  const twice = [...Map.groupBy(methods, ({ method }) => method)].filter(([, { length }]) => length > 1);
  if (twice.length > 0) {
    const problems = twice.map(
      ([method, { length }]) =>
        `method ${method} of handler class "${id}" has ${length} decorators; use one @On({ events }), or a method for each`,
    );
    return { routes: [], problems };
  }
  try {
    const instance = resolve(handlerClass, container) as Record<string, Method | undefined>;
    const bound = (method: string) => {
      const found = instance[method];
      if (!found) throw new TypeError(`what the container gives has no method ${method}.`);
      return found.bind(instance);
    };
    const routes = methods.map(({ method, kind, options, window }) => {
      const named = { ...options, id: `${id}.${method}` };
      if (!window) return makeRoute(model, kind, named, bound(method));
      const { state, close } = window;
      const { events } = kind;
      return windowRoute(model, { ...named, events }, { state, add: bound(method), close: bound(close) });
    });
    return { routes, problems: [] };
  } catch (error) {
    return problem(
      `handler class "${id}" cannot be made: ${reasonOf(error)} Bind each token in the container given to fromClasses, ` +
        'and give each constructor parameter an explicit @inject(Token)',
    );
  }
}

/** inversify's first sentences; its later ones advise to have metadata emitted, which bundlers do not do. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message.trim().replace(/\s*\n\s*/g, ' ') : String(error);
  const reason = text.replace(/\s*If you're using typescript.*$/i, '');
  return /[.?!:]$/.test(reason) ? reason : `${reason}.`;
}

function resolve(handlerClass: HandlerClass, container: Container): object {
  // inversify's identifiers are classes of any parameters.
  const identifier = handlerClass as unknown as Newable<object>;
  if (!container.isBound(identifier)) {
    // inversify does not look at base classes by itself: an inherited constructor would get nothing.
    injectFromHierarchy()(identifier);
    container.bind(identifier).toSelf().inSingletonScope();
  }
  return container.get(identifier);
}

function problem(text: string): Routes {
  return { routes: [], problems: [text] };
}
