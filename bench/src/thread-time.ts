/**
 * The time that this thread has had a processor: on a busy machine a long task waits for one more often than a short one,
 * which would make ratios wrong. The collector's work is in it when Node runs with `--single-threaded-gc`. Some kernels count
 * in steps of milliseconds, so that only the mean of many samples says something. Wall-clock time before Node 23.9.
 */
export function threadMs(): number {
  if (!('threadCpuUsage' in process)) return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
