import type { Infrastructure, LedgerTable, Permission, StreamMapping } from './infrastructure.js';

/** A value of a template: text, or an intrinsic function such as `{ Ref: 'Mail' }`. */
export type TemplateValue = string | { readonly [intrinsic: string]: unknown };

/** What the fragment stands between. Each that is left out becomes a parameter of the template. */
export interface References {
  /** Letters and digits before the names of resources and parameters, for several routers in one template; none by default. */
  readonly prefix?: string;
  /** The function's name or ARN; by default the parameter `FunctionName`. */
  readonly functionName?: TemplateValue;
  /** The name of the function's role; by default the parameter `FunctionRole`. */
  readonly role?: TemplateValue;
  /** The ARNs of streams by the names that `table(…)` was given; by default parameters such as `OrdersStreamArn`. */
  readonly streams?: { readonly [table: string]: TemplateValue };
  /** The ARN of the bucket, queue or topic for what is discarded; by default the parameter `OnFailureArn`. */
  readonly destination?: TemplateValue;
}

export interface FragmentOptions extends References {
  /** Whether the mappings are in it; `false` leaves them, and the permissions that they need, to `samEvents`. True by default. */
  readonly mappings?: boolean;
}

/** A part of a CloudFormation template, and of a SAM template. */
export interface Fragment {
  readonly Parameters: { readonly [name: string]: Parameter };
  readonly Resources: { readonly [id: string]: Resource };
  /** The name of the ledger's table, where there is one: `LedgerTableName`. The function gets it by its environment. */
  readonly Outputs?: { readonly [name: string]: Output };
}

interface Output {
  readonly Description: string;
  readonly Value: TemplateValue;
}

interface Parameter {
  readonly Type: 'String';
  readonly Description: string;
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
 * The mappings, the ledger's table, and a policy for the function's role. The ledger's table stays when it leaves the stack, as it may
 * hold parked changes.
 */
export function cloudFormation(plan: Infrastructure, options: FragmentOptions = {}): Fragment {
  const { mappings: hasMappings = true, prefix = '' } = options;
  const values = valuesOf(options);
  // Those of samEvents have the same parameters, but for the function's name.
  const mappings = plan.mappings.map((mapping): [string, Resource] => [
    `${prefix}${mapping.id}Mapping`,
    {
      Type: 'AWS::Lambda::EventSourceMapping',
      // Lambda refuses a mapping whose function may not read the stream yet.
      DependsOn: [`${prefix}Permissions`],
      Properties: {
        EventSourceArn: values.stream(mapping),
        ...(hasMappings && { FunctionName: values.functionName() }),
        ...mapping.settings,
        ...destinationOf(plan, values),
      },
    },
  ]);
  const permissions = plan.permissions.filter(({ on }) => hasMappings || on === 'ledger');
  const Resources = {
    ...(plan.ledger && { [`${prefix}Ledger`]: ledgerOf(plan.ledger) }),
    ...(permissions.length > 0 && { [`${prefix}Permissions`]: policyOf(permissions, plan, values) }),
    ...(hasMappings && Object.fromEntries(mappings)),
  };
  return {
    Parameters: values.parameters,
    Resources,
    ...(plan.ledger && { Outputs: { [`${prefix}LedgerTableName`]: ledgerName(prefix) } }),
  };
}

/**
 * The mappings as SAM has them, which adds the permissions on the streams and the destination by itself. Of the parameters that it
 * names `cloudFormation` has the description, also with `mappings: false`.
 */
export function samEvents(plan: Infrastructure, references: References = {}): SamEvents {
  const values = valuesOf(references);
  return Object.fromEntries(
    plan.mappings.map((mapping) => [
      mapping.id,
      {
        Type: 'DynamoDB',
        Properties: {
          Stream: values.stream(mapping),
          ...mapping.settings,
          ...destinationOf(plan, values, { Type: plan.destination }),
        },
      },
    ]),
  );
}

function destinationOf({ destination }: Infrastructure, values: Values, more: object = {}): object {
  return destination
    ? { DestinationConfig: { OnFailure: { ...more, Destination: values.destination() } } }
    : {};
}

function ledgerOf(table: LedgerTable): Resource {
  return {
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: { ...table },
  };
}

function ledgerName(prefix: string): Output {
  return {
    Description: "The name of the ledger's table, for the function's environment",
    Value: { Ref: `${prefix}Ledger` },
  };
}

function policyOf(
  permissions: readonly Permission[],
  { mappings }: Infrastructure,
  values: Values,
): Resource {
  const { destination, prefix } = values;
  const on: Readonly<Record<Permission['on'], () => readonly TemplateValue[]>> = {
    stream: () => mappings.map(values.stream),
    ledger: () => [values.ledger],
    bucket: () => [destination()],
    objects: () => [{ 'Fn::Join': ['', [destination(), '/*']] }],
    queue: () => [destination()],
    topic: () => [destination()],
  };
  return {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: `${prefix}DynamoDBStreams`, // the role's only one of that name
      Roles: [values.role()],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: permissions.map((permission) => {
          const [first, ...others] = on[permission.on]();
          const Resource = others.length > 0 ? [first, ...others] : first;
          return { Effect: 'Allow', Action: permission.actions, Resource };
        }),
      },
    },
  };
}

type Values = ReturnType<typeof valuesOf>;

/** What the references come to, and the parameters for those that were asked for and not given. */
function valuesOf(references: References) {
  const { prefix = '', functionName, role, streams = {}, destination } = references;
  const parameters: Record<string, Parameter> = {};
  const parameter = (name: string, Description: string): TemplateValue => {
    parameters[`${prefix}${name}`] = { Type: 'String', Description };
    return { Ref: `${prefix}${name}` };
  };
  return {
    prefix,
    parameters,
    functionName: () => functionName ?? parameter('FunctionName', "The function's name or ARN"),
    role: () => role ?? parameter('FunctionRole', "The name of the function's role"),
    stream: ({ name, table, id }: StreamMapping) =>
      (Object.hasOwn(streams, name) && streams[name]) ||
      parameter(`${id}StreamArn`, `The ARN of the stream of table ${table}`),
    destination: () =>
      destination ?? parameter('OnFailureArn', 'The ARN of the place for what Lambda discards'),
    ledger: { 'Fn::GetAtt': [`${prefix}Ledger`, 'Arn'] },
  };
}
