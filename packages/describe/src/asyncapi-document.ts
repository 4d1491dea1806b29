/** A reference into the same document: `#/components/schemas/…`. */
export interface Reference {
  readonly $ref: string;
}

/** A JSON Schema of draft 7, as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Things by the names that the document gives them: letters, digits, `_`, `-` and `.`. */
export type Named<T> = { readonly [name: string]: T };

/** An AsyncAPI 3.0 document as plain JSON data. Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: Info;
  readonly defaultContentType: string;
  readonly servers: Named<Server>;
  readonly channels: Named<Channel>;
  readonly operations: Named<Operation>;
  readonly components: Components;
}

export interface Info {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly contact?: Contact;
  readonly license?: License;
  readonly externalDocs: { readonly description: string; readonly url: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
}

/** Whom to ask about the application. */
export interface Contact {
  readonly name?: string;
  readonly url?: string;
  readonly email?: string;
}

/** The licence of the application. */
export interface License {
  readonly name: string;
  readonly url?: string;
}

export interface Server {
  readonly host: string;
  readonly protocol: string;
  readonly title: string;
  readonly description: string;
  readonly variables: Named<{
    readonly default: string;
    readonly description: string;
    readonly enum?: readonly string[];
  }>;
  readonly security?: readonly Reference[];
}

export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly servers: readonly Reference[];
  readonly parameters: Named<{ readonly description: string; readonly examples?: readonly string[] }>;
  readonly messages: Named<Reference>;
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
  readonly examples?: readonly MessageExample[];
}

export interface MessageExample {
  readonly name: string;
  readonly summary: string;
  readonly payload: { readonly [name: string]: unknown };
}

interface Components {
  readonly securitySchemes: Named<{
    readonly type: string;
    readonly name: string;
    readonly in: string;
    readonly description: string;
  }>;
  readonly messages: Named<Message>;
  readonly schemas: Named<JsonSchema>;
}
