import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ran } from '../testing/world.js';

const router = ['--router', join(import.meta.dirname, '../testing/shop.ts')];

describe('routes', () => {
  it('prints a table, data or a diagram', async () => {
    const text = await ran(['routes', ...router]);
    expect(text).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'route    of             events                when',
        'receipt  Order in shop  MODIFY                status changed from "PENDING" to "PAID"  exclusive mail',
        'audit    shop           INSERT/MODIFY/REMOVE  everything                               order 1',
        '',
      ].join('\n'),
    });
    const data = await ran(['routes', '--format', 'json', ...router]);
    expect(JSON.parse(data.stdout)).toMatchObject([
      { id: 'receipt', entity: 'Order', exclusive: 'mail' },
      { id: 'audit', order: 1 },
    ]);
    expect(await ran(['--json', 'routes', ...router])).toEqual(data);
    expect((await ran(['routes', '--format', 'mermaid', ...router])).stdout).toMatch(/^flowchart LR\n/);
  });
});
