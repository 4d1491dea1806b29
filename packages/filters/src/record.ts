/**
 * The canonical stream record: the JSON that Lambda hands to a function. The poller brings what the Streams API
 * returns into this form (base64 binary, seconds as a number, lower-case user identity), so that everything
 * behind the two sources sees one shape.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
 */

/** A value as DynamoDB writes it: one type letter, one value. `N` is decimal text, `B` is base64 text. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly M: AttributeMap }
  | { readonly L: readonly AttributeValue[] }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] };

/** An item, or its keys, in wire form. */
export type AttributeMap = { readonly [name: string]: AttributeValue };

export type EventName = 'INSERT' | 'MODIFY' | 'REMOVE';

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface StreamRecord {
  /** Not unique across tables on every engine; Sluice never uses it as an identity. */
  readonly eventID?: string;
  readonly eventName: EventName;
  readonly eventVersion?: string;
  readonly eventSource?: string;
  readonly awsRegion?: string;
  /** `arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<label>` */
  readonly eventSourceARN: string;
  /** Present on deletes made by DynamoDB itself: `{ type: 'Service', principalId: 'dynamodb.amazonaws.com' }` for TTL. */
  readonly userIdentity?: { readonly type: string; readonly principalId: string };
  readonly dynamodb: {
    /** Seconds since the epoch, rounded down. Never used for ordering. */
    readonly ApproximateCreationDateTime?: number;
    readonly Keys: AttributeMap;
    readonly NewImage?: AttributeMap;
    readonly OldImage?: AttributeMap;
    /** Decimal digits of any length; compare with `compareSequenceNumbers`. */
    readonly SequenceNumber: string;
    readonly SizeBytes?: number;
    readonly StreamViewType?: StreamViewType;
  };
}
