import { InvalidArgumentError, Option } from 'commander';
import { isStreamArn } from './stream-record.js';

/** Where the Streams API is; by default where AWS's own tools would look. */
export interface Place {
  readonly region?: string;
  readonly endpoint?: string;
}

export function regionOption(): Option {
  return new Option(
    '--region <region>',
    "the streams' AWS Region; by default where AWS's own tools find it, as are credentials",
  );
}

export function endpointOption(): Option {
  return new Option('--endpoint <url>', 'another endpoint than AWS, as a local engine').argParser((url) => {
    if (['http:', 'https:'].includes(URL.parse(url)?.protocol ?? '')) return url;
    throw new InvalidArgumentError('Give an http or https URL, as http://localhost:8000.');
  });
}

/** For files whose records do not tell the stream that they are of. */
export function streamArnOption(): Option {
  return new Option(
    '--stream-arn <arn>',
    'of records that do not tell theirs, as those of get-records',
  ).argParser((arn) => {
    if (isStreamArn(arn)) return arn;
    throw new InvalidArgumentError('Give one as arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL.');
  });
}
