/** A reference into the same document: `#/components/schemas/…`. */
export interface Reference {
  readonly $ref: string;
}

/** A JSON Schema, as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** An AsyncAPI 3.0 document as plain JSON data; `JSON.stringify` and YAML writers take it as it is. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly id?: string;
  readonly info: Info;
  readonly defaultContentType: string;
  readonly servers: Readonly<Record<string, Server>>;
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: Components;
}

export interface Info {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly contact?: { readonly name: string; readonly url: string };
  readonly license?: { readonly name: string; readonly url: string };
  readonly externalDocs: ExternalDocs;
  readonly tags: readonly Tag[];
}

export interface ExternalDocs {
  readonly description: string;
  readonly url: string;
}

export interface Tag {
  readonly name: string;
  readonly description: string;
}

export interface Server {
  readonly host: string;
  readonly protocol: string;
  readonly description: string;
  readonly variables: Readonly<Record<string, ServerVariable>>;
  readonly security?: readonly Reference[];
}

export interface ServerVariable {
  readonly default: string;
  readonly description: string;
  readonly enum?: readonly string[];
}

export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly servers: readonly Reference[];
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly messages: Readonly<Record<string, Reference>>;
}

export interface Parameter {
  readonly description: string;
  readonly examples?: readonly string[];
}

/** A route, or the function behind the trigger. What AsyncAPI has no word for is in `x-` fields. */
export interface Operation {
  readonly action: 'receive';
  readonly channel: Reference;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly messages: readonly Reference[];
  readonly [extension: `x-${string}`]: unknown;
}

export interface Message {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly contentType: string;
  readonly payload: Reference;
  readonly examples: readonly MessageExample[];
}

export interface MessageExample {
  readonly name: string;
  readonly summary: string;
  readonly payload: unknown;
}

export interface Components {
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
  readonly messages: Readonly<Record<string, Message>>;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

export interface SecurityScheme {
  readonly type: string;
  readonly name: string;
  readonly in: string;
  readonly description: string;
}
