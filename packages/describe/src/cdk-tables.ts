import { ConfigurationError, type Router, type TableModel, tableOfModel } from '@sluice/core';
import { CfnResource, Names, Stack, Token } from 'aws-cdk-lib';
import type { CfnGlobalTable, CfnTable, ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Infrastructure, StreamMapping } from './infrastructure.js';

/** Tables by the names that `table(…)` was given; for a pattern a list of those that it means. */
export interface CdkTables {
  readonly [name: string]: ITable | readonly ITable[];
}

/** A stream, the mapping that it is to have, and the id of that: it goes by the table, whichever names routes give it. */
export interface Stream {
  readonly table: ITable;
  readonly mapping: StreamMapping;
  readonly id: string;
}

/**
 * The streams of the tables that were given. One that several names mean has one mapping, since Lambda refuses a second one of a
 * function: that of the name which is no pattern. It has to let through what the routes of the other names want.
 */
export function streamsOf(
  router: Router,
  { mappings }: Infrastructure,
  tables: CdkTables,
): readonly Stream[] {
  const all = mappings.flatMap((mapping) =>
    listOf(tables, mapping.name).map((table) => streamOf(table, mapping)),
  );
  const ofTables = [...Map.groupBy(all, ({ table }) => identityOf(table)).values()];
  const problems = ofTables.flatMap((streams) => notTakenForOne(router, streams));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return ofTables.flatMap((streams) => chosenOf(streams) ?? []);
}

function streamOf(table: ITable, mapping: StreamMapping): Stream {
  return { table, mapping, id: `${Names.nodeUniqueId(table.node)}Mapping` };
}

/** What is imported may be imported twice. */
function identityOf(table: ITable): unknown {
  const { tableStreamArn } = table;
  return Token.isUnresolved(tableStreamArn) ? table : tableStreamArn;
}

function chosenOf(streams: readonly Stream[]): Stream | undefined {
  const sorted = streams.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return sorted.find(({ mapping }) => !isPattern(mapping.table)) ?? sorted[0];
}

function notTakenForOne({ routes }: Router, streams: readonly Stream[]): readonly string[] {
  const names = streams.map(({ mapping }) => mapping.name);
  const through = chosenOf(streams)?.mapping.routeIds ?? [];
  const left = routes.filter(
    ({ id, model }) => names.includes(tableOfModel(model).name) && !through.includes(id),
  );
  if (left.length === 0) return [];
  return [
    `table ${streams[0]?.table.node.path} is given for ${names.map((name) => `"${name}"`).join(' and ')}, which the router takes for ` +
      'different tables; describe it once, or give these names one value in createRouter({ tables })',
  ];
}

/** What is wrong with the tables that were given for those of the routes; a sentence each. */
export function problemsOfTables(router: Router, tables: CdkTables): readonly string[] {
  const names = router.tables.map(({ model }) => model.name);
  const unknown = Object.keys(tables).filter((name) => !names.includes(name));
  return [
    ...unknown.map(
      (name) =>
        `tables names "${name}", but no route is of such a table; the routes name ${names.join(', ')}`,
    ),
    ...router.tables.flatMap(({ model, text }) => {
      const given = listOf(tables, model.name);
      if (given.length === 0) return [`tables has no "${model.name}", which routes are of; give its table`];
      const same = router.tables.flatMap((one) => (one.text === text ? listOf(tables, one.model.name) : []));
      if (!isPattern(text) && new Set(same).size > 1) {
        return [`tables has several tables for "${model.name}", which is one; give that alone`];
      }
      return given.flatMap((table) => problemsOfTable(model, table));
    }),
  ];
}

export const ledgerAttributes = { partition: 'pk', sort: 'sk', ttl: 'expiresAt' };

export function problemsOfLedger({ ledger }: Router, table: ITable | undefined): readonly string[] {
  if (!table) return [];
  if (!ledger)
    return ['there is a ledgerTable, but the router has no ledger; leave it out, or give createRouter one'];
  const { partition, sort, ttl } = ledgerAttributes;
  return differences(`ledgerTable ${table.node.path}`, factsOf(table), { keys: [partition, sort], ttl });
}

function problemsOfTable({ name, keys, view, ttl }: TableModel, table: ITable): readonly string[] {
  const whose = `table ${table.node.path}, given for "${name}",`;
  if (table.tableStreamArn === undefined)
    return [
      `${whose} has no stream; ${factsOf(table) ? `give it one with the view ${view}` : 'import it with its tableStreamArn'}`,
    ];
  return differences(whose, factsOf(table), {
    keys: keys.sort === undefined ? [keys.partition] : [keys.partition, keys.sort],
    ttl,
    view,
  });
}

interface Facts {
  readonly keys: readonly string[];
  /** `undefined` for none, or for one that is not expected. */
  readonly ttl: string | undefined;
  readonly view?: string | undefined;
}

/** CDK knows nothing of an imported table. */
function differences(whose: string, found: Facts | undefined, expected: Facts): readonly string[] {
  if (!found) return [];
  const { keys, ttl, view } = expected;
  const problems: string[] = [];
  if (keys.join() !== found.keys.join()) {
    problems.push(`${whose} has the keys ${found.keys.join(' and ')}, not ${keys.join(' and ')}`);
  }
  if (ttl !== undefined && ttl !== found.ttl) {
    problems.push(`${whose} expires items by ${found.ttl ?? 'nothing'}, not ${ttl}`);
  }
  if (view !== undefined && view !== found.view) {
    problems.push(`${whose} has ${found.view ? `the view ${found.view}` : 'no stream'}, not ${view}`);
  }
  return problems.map((problem) => `${problem}; make the table and the code say the same`);
}

function factsOf(table: ITable): Facts | undefined {
  const resource = table.node.defaultChild;
  const types = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
  if (!CfnResource.isCfnResource(resource) || !types.includes(resource.cfnResourceType)) return undefined;
  // As its type says.
  const { keySchema, timeToLiveSpecification, streamSpecification } = resource as CfnTable | CfnGlobalTable;
  const { keys, ttl, stream } = Stack.of(table).resolve({
    keys: keySchema,
    ttl: timeToLiveSpecification,
    stream: streamSpecification,
  });
  return {
    keys: [keyOf(keys, 'HASH'), keyOf(keys, 'RANGE')].filter((name) => name !== undefined),
    ttl: ttl?.enabled ? ttl.attributeName : undefined,
    view: stream?.streamViewType,
  };
}

function keyOf(
  schema: readonly { readonly keyType: string; readonly attributeName: string }[],
  type: string,
): string | undefined {
  return schema.find(({ keyType }) => keyType === type)?.attributeName;
}

function listOf(tables: CdkTables, name: string): readonly ITable[] {
  return Object.hasOwn(tables, name) ? [tables[name] ?? []].flat() : [];
}

function isPattern(table: string): boolean {
  return table.includes('*');
}
