/**
 * What is the same for the clients that are made here. The SDK waits without end by default, also in the middle of an answer;
 * with these a request without one rejects with a `TimeoutError`. The SDK makes up to three requests for a call.
 */
export const timeLimits = {
  connectionTimeout: 5_000,
  requestTimeout: 15_000,
  socketTimeout: 15_000,
  throwOnRequestTimeout: true,
} as const;

/** Makes a client when it is first needed, and once. */
export function lazily<Client>(make: () => Client): () => Client {
  let made: Client | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What to do about an error of AWS. The names of `advices` are starts of error names. */
export function adviceOn(error: unknown, advices: Readonly<Record<string, string>>): string {
  const name = error instanceof Error ? error.name : '';
  const [, advice] = Object.entries(advices).find(([start]) => name.startsWith(start)) ?? [];
  return advice ?? 'Should it go on, check the network, the region, the endpoint and the credentials.';
}
