import type { Infrastructure } from './infrastructure.js';

/** A value of a template: text, or an intrinsic function such as `{ Ref: 'Mail' }`. */
export type TemplateValue = string | { readonly [intrinsic: string]: unknown };

/** What the fragment stands between. Each that is left out becomes a parameter of the template. */
export interface References {
  /** The function's name or ARN; the parameter `FunctionName`. */
  readonly functionName?: TemplateValue;
  /** The name of the function's role; the parameter `FunctionRole`. */
  readonly role?: TemplateValue;
  /** The ARNs of streams by the names that `table(…)` was given; parameters such as `OrdersStreamArn`. */
  readonly streams?: { readonly [table: string]: TemplateValue };
  /** The ARN of the bucket, queue or topic for what is discarded; the parameter `OnFailureArn`. */
  readonly destination?: TemplateValue;
}

export interface Fragment {
  readonly Parameters: { readonly [name: string]: { readonly Type: 'String'; readonly Description: string } };
  readonly Resources: { readonly [id: string]: Resource };
}

export interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: 'Retain';
  readonly UpdateReplacePolicy?: 'Retain';
  readonly Properties: { readonly [name: string]: unknown };
}

/** The `Events` of an `AWS::Serverless::Function`. */
export interface SamEvents {
  readonly [id: string]: {
    readonly Type: 'DynamoDB';
    readonly Properties: { readonly [name: string]: unknown };
  };
}

/**
 * A part of a CloudFormation template: the mappings, the ledger's table, and a policy for the function's role. With `mappings: false`
 * it leaves those, and what they need, to `samEvents`.
 */
export function cloudFormation(
  _plan: Infrastructure,
  _options: References & { readonly mappings?: boolean } = {},
): Fragment {
  throw new Error('not written yet');
}

/** The mappings as SAM has them, which adds the permissions on streams and destination by itself. */
export function samEvents(_plan: Infrastructure, _references: References = {}): SamEvents {
  throw new Error('not written yet');
}
