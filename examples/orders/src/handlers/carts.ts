import type { Context, Expired } from '@sluice/core';
import { Handlers, OnExpire } from '@sluice/decorators';
import { inject } from 'inversify';
import { Cart } from '../orders.js';
import { effectOf, Outside } from '../outside.js';

@Handlers('carts', Cart)
export class Carts {
  constructor(@inject(Outside) private readonly outside: Outside) {}

  @OnExpire()
  async remind(change: Expired<typeof Cart>, context: Context) {
    await this.outside.act(effectOf('mail reminder of a forgotten cart', change, context));
  }
}
