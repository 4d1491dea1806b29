import { type Change, createRouter, type Modified, type Removed, table } from '@sluice/core';
import { Container, inject, injectable } from 'inversify';
import { describe, expect, it } from 'vitest';
import { fromClasses, Handlers, On, OnModify, OnRemove } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });
const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });

const Mailer = Symbol('Mailer');
interface Mailer {
  send(to: string): void;
}

@Handlers('order-mail', Order)
class OrderMail {
  constructor(@inject(Mailer) private readonly mailer: Mailer) {}

  @OnModify({ when: Order.attr('status').to('PAID') })
  receipt(change: Modified<typeof Order>) {
    this.mailer.send(change.params.userId);
  }

  @OnRemove({ by: 'user' })
  farewell(_change: Removed<typeof Order>) {}
}

describe('handler classes', () => {
  it('become routes in the order of their methods, with the class id and the method name', () => {
    const sent: string[] = [];
    const container = new Container();
    container.bind<Mailer>(Mailer).toConstantValue({ send: (to) => sent.push(to) });
    const { routes, problems } = fromClasses([OrderMail], container);
    expect(problems).toEqual([]);
    expect(routes.map(({ id, events }) => [id, events])).toEqual([
      ['order-mail.receipt', ['MODIFY']],
      ['order-mail.farewell', ['REMOVE']],
    ]);
    routes[0]?.handle({ params: { userId: 'u1' } } as never, {} as never);
    expect(sent).toEqual(['u1']);
  });

  it('are resolved once, through their own binding where there is one', () => {
    let made = 0;
    @Handlers('counted', Order)
    class Counted {
      constructor() {
        made++;
      }
      @On()
      one(_change: Change<typeof Order>) {}
      @On()
      two(_change: Change<typeof Order>) {}
    }
    expect(fromClasses([Counted]).routes).toHaveLength(2);
    expect(made).toBe(1);
    const container = new Container();
    const own = new Counted();
    container.bind(Counted).toConstantValue(own);
    fromClasses([Counted], container);
    expect(made).toBe(2);
  });

  it('leave the given container as it was', () => {
    const container = new Container();
    container.bind<Mailer>(Mailer).toConstantValue({ send: () => undefined });
    fromClasses([OrderMail], container);
    expect(container.isBound(OrderMail)).toBe(false);
  });

  it('inherit the methods of a base class', () => {
    class Base {
      @On()
      audit(_change: Change<typeof Order>) {}
    }
    @Handlers('derived', Order)
    class Derived extends Base {
      @OnRemove()
      gone(_change: Removed<typeof Order>) {}
    }
    expect(fromClasses([Derived]).routes.map(({ id }) => id)).toEqual(['derived.audit', 'derived.gone']);
  });
});

describe('what is wrong with handler classes', () => {
  it('is told all at once, with what to do', () => {
    class NoId {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    @Handlers('no-methods', Order)
    class NoMethods {}
    @Handlers('twice', Order)
    class One {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    @Handlers('twice', Order)
    class Two {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    expect(() => createRouter({ routes: fromClasses([NoId, NoMethods, One, Two, OrderMail]) })).toThrowError(
      expect.objectContaining({
        code: 'CONFIGURATION',
        problems: [
          expect.stringContaining(
            "class NoId has no id; decorate it with @Handlers('an-id-that-stays', Entity)",
          ),
          expect.stringContaining(
            'handler class "no-methods" has no handlers; decorate methods with @OnInsert',
          ),
          'the id "twice" is of classes One, Two; give each class once, and an id of its own',
          expect.stringMatching(/handler class "order-mail" cannot be made: .*Mailer.*Bind each token/s),
        ],
      }),
    );
  });

  it('includes an id of two classes whose methods have other names, beside what else is wrong with them', () => {
    @Handlers('shared', Order)
    class One {
      @On()
      one(_change: Change<typeof Order>) {}
    }
    @Handlers('shared', Order)
    class Two {
      constructor(@inject(Mailer) readonly mailer: Mailer) {}
      @On()
      two(_change: Change<typeof Order>) {}
    }
    expect(fromClasses([One, Two]).problems).toEqual([
      expect.stringContaining('the id "shared" is of classes One, Two'),
      expect.stringContaining('handler class "shared" cannot be made'),
    ]);
  });

  it('does not include an id that several classes lack', () => {
    class One {}
    class Two {}
    expect(fromClasses([One, Two]).problems).toEqual([
      expect.stringContaining('class One has no id'),
      expect.stringContaining('class Two has no id'),
    ]);
  });

  it('includes a model that an import cycle left undefined', () => {
    @Handlers('early', undefined as unknown as typeof Order)
    class Early {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    expect(fromClasses([Early]).problems).toEqual([expect.stringContaining('two modules import each other')]);
  });

  it('includes a constructor parameter without @inject', () => {
    @injectable()
    class Dependency {}
    @Handlers('implicit', Order)
    class Implicit {
      constructor(readonly dependency: Dependency) {}
      @On()
      any(_change: Change<typeof Order>) {}
    }
    const { problems } = fromClasses([Implicit]);
    expect(problems).toEqual([expect.stringContaining('explicit @inject(Token)')]);
    expect(problems[0]).not.toContain('emitDecoratorMetadata');
  });

  it('includes decorators that were compiled as standard ones, with the setting that mends it', () => {
    const asStandard = { kind: 'class', name: 'X', metadata: {}, addInitializer() {} };
    expect(() => (Handlers('x', Order) as (...args: unknown[]) => void)(class {}, asStandard)).toThrowError(
      expect.objectContaining({
        code: 'STANDARD_DECORATORS',
        message: expect.stringContaining('"experimentalDecorators": true'),
      }),
    );
    const method = { kind: 'method', name: 'x', metadata: {}, addInitializer() {} };
    expect(() => (On() as (...args: unknown[]) => void)(() => undefined, method)).toThrowError(
      /experimentalDecorators/,
    );
  });
});
