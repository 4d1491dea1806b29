import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type AttributeMap, decodeItem } from '@sluice/core';
import { type Group, ratio, sample, type Task } from './group.js';
import { paidOrders, recordSizes, type Size } from './records.js';

const count = 200;
const each = Object.keys(recordSizes) as Size[];

/** One image of each record: the SDK's `unmarshall`, and ours. */
export const decoding: Group = {
  title: 'Decoding one image of a record',
  tasks: Object.fromEntries(
    each.flatMap((size) => [
      [`${size}: SDK unmarshall`, of(size, (image) => unmarshall(image as Parameters<typeof unmarshall>[0]))],
      [`${size}: Sluice`, of(size, (image) => decodeItem(image, 'string'))],
    ]),
  ),
  report: (samples) => ({
    columns: ['µs an image', '× SDK'],
    rows: Object.keys(samples).map((name) => [
      name,
      ((sample(samples, name) * 1000) / count).toFixed(2),
      ratio(samples, name, `${name.split(':')[0]}: SDK unmarshall`).toFixed(2),
    ]),
  }),
};

function of(size: Size, decode: (image: AttributeMap) => unknown): Task {
  return () => {
    const images = paidOrders(count, size).event.Records.map(({ dynamodb: { NewImage } }) => NewImage ?? {});
    return () => {
      for (const image of images) decode(image);
    };
  };
}
