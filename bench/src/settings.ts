/** What the environment says of how long everything is measured. */
export const rounds = Number(process.env['BENCH_ROUNDS'] ?? 11);
/** How long a task is run in a round, in milliseconds. */
export const roundMs = Number(process.env['BENCH_ROUND_MS'] ?? 200);
