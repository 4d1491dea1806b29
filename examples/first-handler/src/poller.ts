// #region poller
import { poll } from '@sluice/poller';
import { fileStore } from '@sluice/store';
import { router } from './router.js';

await poll(router, { streams: ['shop'], store: await fileStore('checkpoints.jsonl') });
// #endregion
