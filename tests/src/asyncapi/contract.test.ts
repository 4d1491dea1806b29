import { readFileSync } from 'node:fs';
import { createRouter, route, table } from '@sluice/core';
import { asyncApi } from '@sluice/describe';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

/** The contract of streams, as Amazon's service has it; what the document of an application has to say as well. */
const contract = load(
  readFileSync(new URL('../../fixtures/asyncapi/dynamodb-streams.yml', import.meta.url), 'utf8'),
) as Part;

/** A small application that has all of it: a route for each event, an expiry, and a table that is known by a pattern. */
const users = table('Users', { keys: { partition: 'UserId' } });
const sessions = table('Sessions', { keys: { partition: 'SessionId' }, ttl: 'TTL' });
const tenants = table('tenant-*', { keys: { partition: 'TenantId' } });
const User = users.entity('User', {
  key: { UserId: 'user-:id' },
  schema: z.object({
    Name: z.string().meta({ examples: ['Jane Doe'] }),
    Email: z.email().meta({ examples: ['jane@example.com', 'jane.doe@example.com'] }),
    CreatedAt: z.iso.datetime().meta({ examples: ['2026-03-03T12:00:00Z'] }),
  }),
});
const Session = sessions.entity('Session', { key: { SessionId: 'session-:id' } });
const noop = () => undefined;
const router = createRouter({
  routes: [
    route.insert(User, { id: 'welcome' }, noop),
    route.modify(User, { id: 'confirm', when: User.attr('Email').changed() }, noop),
    route.remove(User, { id: 'goodbye' }, noop),
    route.expire(Session, { id: 'log-out' }, noop),
    route.on(tenants, { id: 'audit' }, noop),
  ],
});
const document = asyncApi(router, {
  version: '2012-08-10',
  contact: { name: 'Amazon Web Services', url: 'https://aws.amazon.com' },
  license: { name: 'Apache 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
}) as unknown as Part;

/** Where the document says what the contract says under another name; what is below such a place goes with it. */
const places: Readonly<Record<string, string>> = {
  'channels/streamRecord': 'channels/Users',
  'channels/streamRecord/parameters/tableName': 'channels/tenant/parameters/tableName',
  'channels/streamRecord/messages/insertRecord': 'channels/Users/messages/User.insert',
  'channels/streamRecord/messages/modifyRecord': 'channels/Users/messages/User.modify',
  'channels/streamRecord/messages/removeRecord': 'channels/Users/messages/User.remove',
  'operations/onInsert': 'operations/welcome',
  'operations/onModify': 'operations/confirm',
  'operations/onRemove': 'operations/goodbye',
  'components/messages/StreamRecordInsert': 'components/messages/User.insert',
  'components/messages/StreamRecordModify': 'components/messages/User.modify',
  'components/messages/StreamRecordRemove': 'components/messages/User.remove',
  'components/messages/StreamRecordRemove/examples/1': 'components/messages/Session.remove/examples/1',
  // The payload of an event is a stream record, and narrower.
  'components/messages/StreamRecordInsert/payload': 'components/schemas/User.insert/allOf/0',
  'components/messages/StreamRecordModify/payload': 'components/schemas/User.modify/allOf/0',
  'components/messages/StreamRecordRemove/payload': 'components/schemas/User.remove/allOf/0',
};

/** Names and references that differ with those places. */
const values: Readonly<Record<string, string>> = {
  '/{tableName}/stream/{streamLabel}': `/${users.name}/stream/{streamLabel}`,
  '#/channels/streamRecord': '#/channels/Users',
  '#/channels/streamRecord/messages/insertRecord': '#/channels/Users/messages/User.insert',
  '#/channels/streamRecord/messages/modifyRecord': '#/channels/Users/messages/User.modify',
  '#/channels/streamRecord/messages/removeRecord': '#/channels/Users/messages/User.remove',
  '#/components/messages/StreamRecordInsert': '#/components/messages/User.insert',
  '#/components/messages/StreamRecordModify': '#/components/messages/User.modify',
  '#/components/messages/StreamRecordRemove': '#/components/messages/User.remove',
  StreamRecordInsert: 'User.insert',
  StreamRecordModify: 'User.modify',
  StreamRecordRemove: 'User.remove',
  InsertNewUser: 'inserted',
  UpdateUserEmail: 'modified',
  DeleteUser: 'removed',
  TTLExpiredItem: 'expired',
  'user-123': 'user-1',
  'session-abc': 'session-1',
};

/** What an example may choose freely, as long as it is of this form. */
const free: readonly (readonly [path: RegExp, form: RegExp])[] = [
  [/\/eventID$/, /^[0-9a-f]{32}$/],
  [/\/SequenceNumber$/, /^\d+$/],
  [/\/SizeBytes$/, /^\d+$/],
  [/\/ApproximateCreationDateTime$/, /^\d{10}$/],
  [/\/TTL\/N$/, /^\d{10}$/],
];

type Part = string | number | boolean | readonly Part[] | { readonly [name: string]: Part };

interface Fact {
  readonly path: string;
  readonly value: Part;
}

/** What a part of the contract states: each value, and of lists of values the whole list. */
function factsOf(value: Part, path: string): readonly Fact[] {
  const isList = Array.isArray(value) && value.every((one) => typeof one !== 'object');
  if (typeof value !== 'object' || isList) return [{ path, value }];
  return Object.entries(value).flatMap(([name, inside]) => factsOf(inside, `${path}/${name}`));
}

/** Where the document has it: at the longest place that is another one there, and else at the same. */
function placeOf(path: string): string {
  const above = Object.keys(places).filter((place) => path === place || path.startsWith(`${place}/`));
  const [longest] = above.sort((one, other) => other.length - one.length);
  return longest === undefined ? path : `${places[longest]}${path.slice(longest.length)}`;
}

function partAt(of: Part, path: string): Part | undefined {
  return path
    .split('/')
    .reduce<Part | undefined>(
      (part, step) => (typeof part === 'object' ? (part as Record<string, Part>)[step] : undefined),
      of,
    );
}

function isStated({ path, value }: Fact, by: Part): boolean {
  const found = partAt(by, placeOf(path));
  if (value === '(prose)') return typeof found === 'string' && found.length > 0 && found !== '(prose)';
  if (Array.isArray(value)) return isListStated(path, value, found);
  if (path.includes('/examples/')) {
    const form = free.find(([place]) => place.test(path))?.[1];
    if (form) return typeof found === typeof value && form.test(String(found));
    if (path.endsWith('/eventSourceARN')) return isStreamOfSameTable(String(value), String(found));
  }
  return found === (typeof value === 'string' ? (values[value] ?? value) : value);
}

/** AWS has Regions that the contract does not know; other lists of choices are the same, and others may require more. */
function isListStated(path: string, value: readonly Part[], found: Part | undefined): boolean {
  if (!Array.isArray(found)) return false;
  const isSame = /^components\/schemas\/.*\/enum$/.test(path);
  return value.every((one) => found.includes(one)) && (!isSame || found.length === value.length);
}

function isStreamOfSameTable(expected: string, found: string): boolean {
  const form =
    /^arn:aws:dynamodb:us-east-1:123456789012:table\/(\w+)\/stream\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/;
  return form.exec(found)?.[1] === form.exec(expected)?.[1] && form.test(found);
}

const kinds = [
  'servers',
  'channels',
  'operations',
  'components/securitySchemes',
  'components/messages',
  'components/schemas',
] as const;
const parts = kinds.flatMap((kind) =>
  Object.keys(partAt(contract, kind) ?? {}).map((name) => `${kind}/${name}`),
);
const examples = ['Insert', 'Modify', 'Remove'].flatMap((event) => {
  const path = `components/messages/StreamRecord${event}/examples`;
  return Object.keys(partAt(contract, path) ?? {}).map((index) => `${path}/${index}`);
});

describe('the document of an application says all that the contract of streams says', () => {
  it.each(['asyncapi', 'info', ...parts, ...examples])('of %s', (path) => {
    const facts = factsOf(partAt(contract, path) ?? '', path);
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.filter((fact) => !isStated(fact, document))).toEqual([]);
  });

  it('with nothing of the contract left out of the comparison', () => {
    const compared = ['asyncapi', 'info', ...parts];
    const left = factsOf(contract, '')
      .map(({ path }) => path.slice(1))
      .filter((path) => !compared.some((part) => path === part || path.startsWith(`${part}/`)));
    expect(left).toEqual([]);
    expect(examples).toHaveLength(4);
  });

  it('so that the comparison sees it when the document lacks any of it', () => {
    const facts = factsOf(contract, '').map((fact) => ({ ...fact, path: fact.path.slice(1) }));
    const text = JSON.stringify(document);
    const unseen = facts.filter((fact) => {
      const steps = placeOf(fact.path).split('/');
      const lacking = JSON.parse(text) as Part;
      const parent = steps.length > 1 ? partAt(lacking, steps.slice(0, -1).join('/')) : lacking;
      delete (parent as Record<string, Part>)[steps.at(-1) ?? ''];
      return isStated(fact, lacking);
    });
    expect(unseen).toEqual([]);
  });
});
