// #region poller
import { poll } from '@sluice/poller';
import { fileStore } from '@sluice/store';
import { router } from './router.js';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const store = await fileStore('checkpoints.jsonl');
await poll(router, { streams: ['shop'], store, signal: stop.signal });
await store.close();
// #endregion
