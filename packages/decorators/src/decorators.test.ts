import {
  type Change,
  type Context,
  createRouter,
  type Expired,
  type Inserted,
  type Modified,
  type Removed,
  skipped,
  table,
} from '@sluice/core';
import { given, recordsOf } from '@sluice/testing';
import { Container, inject, injectable } from 'inversify';
import { describe, expect, it } from 'vitest';
import {
  fromClasses,
  type HandlerClass,
  Handlers,
  On,
  OnBatch,
  OnExpire,
  OnInsert,
  OnModify,
  OnRemove,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });
const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
const pending = { pk: 'USER#1', sk: 'ORDER#2', status: 'PENDING' };
const paid = { ...pending, status: 'PAID' };

@Handlers('every', Order)
class Every {
  readonly seen: string[] = [];

  @OnInsert()
  async placed({ new: { status } }: Inserted<typeof Order>) {
    this.seen.push(`placed ${status}`);
  }

  @OnModify({ when: Order.attr('status').from('PENDING').to('PAID') })
  async paid({ params }: Modified<typeof Order>, { handlerId }: Context) {
    this.seen.push(`paid by ${params.userId} in ${handlerId}`);
  }

  @OnRemove()
  removed({ by }: Removed<typeof Order>) {
    this.seen.push(`removed by ${by}`);
  }

  @OnRemove({ by: 'user', when: Order.attr('status').is('PAID') })
  paidRemoved(_change: Removed<typeof Order>) {
    return skipped('kept for the books');
  }

  @OnExpire()
  expired({ by }: Expired<typeof Order>) {
    this.seen.push(`expired by ${by}`);
  }

  @On({ events: ['INSERT', 'REMOVE'] })
  edges({ eventName }: Inserted<typeof Order> | Removed<typeof Order>) {
    this.seen.push(`edge ${eventName}`);
  }

  @On()
  all({ eventName }: Change<typeof Order>) {
    this.seen.push(`all ${eventName}`);
  }
}

@Handlers('together', Order)
class Together {
  readonly seen: string[] = [];

  @OnBatch({ events: ['INSERT'], when: Order.attr('status').is('PENDING'), maxSize: 2 })
  placed(changes: readonly Inserted<typeof Order>[], { handlerId }: Context) {
    this.seen.push(`${changes.length} in ${handlerId}`);
  }
}

describe('decorated methods', () => {
  it('take changes in groups', async () => {
    const together = new Together();
    const container = new Container();
    container.bind(Together).toConstantValue(together);
    const router = createRouter({ routes: fromClasses([Together], container) });
    await given(router).when(...['1', '2', '3'].map((n) => records.insert({ ...pending, sk: `ORDER#${n}` })));
    expect(together.seen).toEqual(['2 in together.placed', '1 in together.placed']);
  });

  it('take the changes of their event that fit, each with its own instance as this', async () => {
    const every = new Every();
    const container = new Container();
    container.bind(Every).toConstantValue(every);
    const router = createRouter({ routes: fromClasses([Every], container) });
    const { handled, skipped, failed, unmatched } = await given(router).when(
      records.insert(pending),
      records.modify(pending, paid),
      records.modify(paid, { ...paid, note: 'x' }),
      records.remove(paid),
      records.expire(pending),
      records.insert({ pk: 'USER#1', sk: 'CART' }),
    );
    expect([failed, skipped, unmatched]).toEqual([[], ['every.paidRemoved'], 1]);
    expect(new Set(handled.map((id) => id.split('.')[0]))).toEqual(new Set(['every']));
    expect(every.seen).toEqual([
      'placed PENDING',
      'edge INSERT',
      'all INSERT',
      'paid by 1 in every.paid',
      'all MODIFY',
      'all MODIFY',
      'removed by user',
      'edge REMOVE',
      'all REMOVE',
      'removed by ttl',
      'expired by ttl',
      'edge REMOVE',
      'all REMOVE',
    ]);
  });

  it('are run as a derived class has them, with the filter of the base class', async () => {
    const ran: string[] = [];
    class Base {
      @OnInsert()
      placed(_change: Inserted<typeof Order>) {
        ran.push('base');
      }
    }
    @Handlers('derived', Order)
    class Derived extends Base {
      override placed(change: Inserted<typeof Order>) {
        ran.push('derived');
        super.placed(change);
      }
    }
    await given(createRouter({ routes: fromClasses([Derived]) })).when(records.insert(pending));
    expect(ran).toEqual(['derived', 'base']);
  });

  it('may be decorated again in a derived class, which then counts alone', () => {
    class Base {
      @OnInsert()
      changed(_change: Inserted<typeof Order>) {}
    }
    @Handlers('derived', Order)
    class Derived extends Base {
      @On({ events: ['INSERT', 'MODIFY'] })
      override changed(_change: Inserted<typeof Order> | Modified<typeof Order>) {}
    }
    const { routes } = fromClasses([Derived]);
    expect(routes.map(({ id, events }) => [id, events])).toEqual([['derived.changed', ['INSERT', 'MODIFY']]]);
  });

  it('do not leak into the classes beside them', () => {
    class Base {
      @On()
      shared(_change: Change<typeof Order>) {}
    }
    @Handlers('left', Order)
    class Left extends Base {
      @OnInsert()
      left(_change: Inserted<typeof Order>) {}
    }
    @Handlers('right', Order)
    class Right extends Base {
      @OnInsert()
      right(_change: Inserted<typeof Order>) {}
    }
    const { routes, problems } = fromClasses([Left, Right]);
    expect(problems).toEqual([]);
    expect(routes.map(({ id }) => id)).toEqual(['left.shared', 'left.left', 'right.shared', 'right.right']);
  });

  it('may be an accessor that gives the handler', async () => {
    const ran: string[] = [];
    @Handlers('accessor', Order)
    class Accessor {
      name = 'accessor';
      @OnInsert()
      get placed() {
        return (_change: Inserted<typeof Order>) => void ran.push(this.name);
      }
    }
    await given(createRouter({ routes: fromClasses([Accessor]) })).when(records.insert(pending));
    expect(ran).toEqual(['accessor']);
  });

  it('with two decorators are refused', () => {
    @Handlers('stacked', Order)
    class Stacked {
      @OnInsert()
      @OnModify()
      written(_change: Inserted<typeof Order> | Modified<typeof Order>) {}
    }
    expect(fromClasses([Stacked]).problems).toEqual([
      'method written of handler class "stacked" has 2 decorators; use one @On({ events }), or a method for each',
    ]);
  });

  it('that are static are refused where they are written: they would never run', () => {
    const decorate = () => {
      // biome-ignore lint/complexity/noStaticOnlyClass: it is what the test is about
      class Static {
        @OnInsert()
        static placed(_change: Inserted<typeof Order>) {}
      }
      return Static;
    };
    expect(decorate).toThrowError(
      expect.objectContaining({
        code: 'STATIC_HANDLER',
        message: expect.stringMatching(/@OnInsert.*placed.*static/),
      }),
    );
    expect(Object.getOwnPropertySymbols(Function)).toEqual([]);
  });
});

describe('the classes', () => {
  const Mailer = Symbol('Mailer');
  const Clock = Symbol('Clock');

  it('share what the container binds as one instance', () => {
    class Shared {}
    const seen: unknown[] = [];
    const classes = ['one', 'two'].map((id) => {
      @Handlers(id, Order)
      class Sharing {
        constructor(@inject(Shared) shared: Shared) {
          seen.push(shared);
        }
        @On()
        any(_change: Change<typeof Order>) {}
      }
      return Sharing;
    });
    const container = new Container();
    container.bind(Shared).toSelf().inSingletonScope();
    expect(fromClasses(classes, container).problems).toEqual([]);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(seen[1]);
  });

  it('may carry @injectable() as well, in either order', () => {
    @injectable()
    @Handlers('outer', Order)
    class Outer {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    @Handlers('inner', Order)
    @injectable()
    class Inner {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    expect(fromClasses([Outer, Inner])).toMatchObject({
      problems: [],
      routes: [{ id: 'outer.any' }, { id: 'inner.any' }],
    });
  });

  it('are not made from the types that a compiler may leave in them: another one leaves them out', () => {
    @injectable()
    class Dependency {}
    const asEmitted: ClassDecorator = (target) =>
      Reflect.defineMetadata('design:paramtypes', [Dependency], target);
    @Handlers('implicit', Order)
    @asEmitted
    class Implicit {
      constructor(readonly dependency: Dependency) {}
      @On()
      any(_change: Change<typeof Order>) {}
    }
    const container = new Container();
    container.bind(Dependency).toSelf();
    expect(fromClasses([Implicit], container).problems).toEqual([
      expect.stringContaining('explicit @inject(Token)'),
    ]);
  });

  it('tell of every token that is not bound, and do not hide the classes beside them', () => {
    @Handlers('needs-mailer', Order)
    class NeedsMailer {
      constructor(@inject(Mailer) readonly mailer: object) {}
      @On()
      any(_change: Change<typeof Order>) {}
    }
    @Handlers('needs-clock', Order)
    class NeedsClock {
      constructor(@inject(Clock) readonly clock: object) {}
      @On()
      any(_change: Change<typeof Order>) {}
    }
    const { routes, problems } = fromClasses([NeedsMailer, Every, NeedsClock]);
    expect(problems).toEqual([
      expect.stringMatching(/^handler class "needs-mailer" cannot be made: .*Mailer.*Bind each token/),
      expect.stringMatching(/^handler class "needs-clock" cannot be made: .*Clock.*Bind each token/),
    ]);
    expect(routes).toHaveLength(7);
    for (const problem of problems) expect(problem).not.toContain('\n');
  });

  it('tell of a token that can only be had later', () => {
    @Handlers('later', Order)
    class Later {
      constructor(@inject(Mailer) readonly mailer: object) {}
      @On()
      any(_change: Change<typeof Order>) {}
    }
    const container = new Container();
    container.bind(Mailer).toDynamicValue(async () => ({}));
    expect(fromClasses([Later], container).problems).toEqual([
      expect.stringMatching(/^handler class "later" cannot be made: /),
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws an error',
      () => {
        throw new Error('no database');
      },
      /no database/,
    ],
    [
      'throws something else',
      () => {
        throw 'no database';
      },
      /no database/,
    ],
  ])('tell when their constructor %s', (_how, fail, reason) => {
    @Handlers('broken', Order)
    class Broken {
      constructor() {
        fail();
      }
      @On()
      any(_change: Change<typeof Order>) {}
    }
    expect(fromClasses([Broken]).problems).toEqual([expect.stringMatching(reason)]);
  });

  it('have an id of their own: that of a base class is not theirs', () => {
    class Derived extends Every {}
    expect(fromClasses([Derived])).toMatchObject({
      routes: [],
      problems: [expect.stringContaining('class Derived has no id')],
    });
  });

  it('are given once each', () => {
    expect(() => createRouter({ routes: fromClasses([Every, Every]) })).toThrowError(
      expect.objectContaining({
        problems: ['the id "every" is of classes Every, Every; give each class once, and an id of its own'],
      }),
    );
  });

  it('have one id: a second @Handlers is refused where it is written', () => {
    const decorate = () => {
      @Handlers('second', Order)
      @Handlers('first', Order)
      class Twice {}
      return Twice;
    };
    expect(decorate).toThrowError(
      expect.objectContaining({ message: expect.stringMatching(/Twice.*@Handlers.*once/) }),
    );
  });

  it('tell of a decorated method that is not there any more', () => {
    @Handlers('hollow', Order)
    class Hollow {
      @On()
      any(_change: Change<typeof Order>) {}
    }
    const container = new Container();
    container.bind(Hollow as HandlerClass as new () => object).toConstantValue({});
    expect(fromClasses([Hollow], container).problems).toEqual([
      expect.stringMatching(/^handler class "hollow".*any/),
    ]);
  });
});
