import fc from 'fast-check';
import { it } from 'vitest';
import { holds, scenario } from './windows-property.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_260_101) });

it('whatever fails, warm or cold, the windows that were closed hold exactly the fold of their changes, once each', async () => {
  await fc.assert(fc.asyncProperty(scenario, holds), { numRuns: 60 });
});
