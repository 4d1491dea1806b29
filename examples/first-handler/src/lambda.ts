// #region lambda
import { lambda } from '@sluice/lambda';
import { router } from './router.js';

export const handler = lambda(router);
// #endregion
