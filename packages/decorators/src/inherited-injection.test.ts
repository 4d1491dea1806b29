import { type Change, createRouter, table } from '@sluice/core';
import { Container, inject } from 'inversify';
import { describe, expect, it } from 'vitest';
import { fromClasses, Handlers, On } from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });

class Mailer {
  readonly kind: string = 'mailer';
}
class Printer extends Mailer {
  override readonly kind = 'printer';
}

function container(): Container {
  const made = new Container();
  made.bind(Mailer).toSelf();
  made.bind(Printer).toSelf();
  return made;
}

/** What each class reports of its dependency, by route id. */
async function reported(...classes: Parameters<typeof fromClasses>[0]): Promise<unknown[]> {
  const { routes } = createRouter({ routes: fromClasses(classes, container()) });
  return Promise.all(
    routes.map(({ id, handle }) =>
      Promise.resolve(handle({} as never, {} as never)).then((kind) => [id, kind]),
    ),
  );
}

abstract class Base {
  constructor(@inject(Mailer) protected readonly mailer: Mailer) {}
  @On()
  async report(_change: Change<typeof shop>): Promise<string> {
    return this.mailer.kind;
  }
}

describe('what a base class asks for', () => {
  it('is injected into a class that inherits its constructor, over any number of classes', async () => {
    class Between extends Base {}
    @Handlers('one', shop)
    class One extends Base {}
    @Handlers('two', shop)
    class Two extends Between {}

    expect(await reported(One, Two)).toEqual([
      ['one.report', 'mailer'],
      ['two.report', 'mailer'],
    ]);
  });

  it('is injected into properties too', async () => {
    class WithProperty {
      @inject(Mailer) readonly mailer!: Mailer;
      @On()
      async report(_change: Change<typeof shop>): Promise<string> {
        return this.mailer.kind;
      }
    }
    @Handlers('property', shop)
    class Derived extends WithProperty {}

    expect(await reported(Derived)).toEqual([['property.report', 'mailer']]);
  });

  it('gives way to what the class itself asks for, or makes', async () => {
    @Handlers('own', shop)
    class Own extends Base {
      constructor(@inject(Printer) printer: Printer) {
        super(printer);
      }
    }
    @Handlers('made', shop)
    class Made extends Base {
      constructor() {
        super(new Printer());
      }
    }

    expect(await reported(Own, Made)).toEqual([
      ['own.report', 'printer'],
      ['made.report', 'printer'],
    ]);
  });

  it('is a problem at start when it has no @inject, instead of undefined in the handler', () => {
    class Implicit {
      constructor(readonly mailer: Mailer) {}
      @On()
      report(_change: Change<typeof shop>) {}
    }
    @Handlers('implicit', shop)
    class Derived extends Implicit {}

    expect(fromClasses([Derived], container()).problems).toEqual([
      expect.stringContaining('explicit @inject(Token)'),
    ]);
  });
});
