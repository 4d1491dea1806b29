export type { AttributeMap, AttributeValue, EventName, StreamRecord, StreamViewType } from './record.js';
