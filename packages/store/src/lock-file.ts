import { open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreInUseError } from './errors.js';

/**
 * Keeps a file for this process until the returned function is called or the process dies, however it dies.
 *
 * Each process makes a lock file of its own, whose name says who it is, and only then looks for those of others. Of two
 * that come at the same time at least one sees the other, so there are never two owners (both may be refused). Lock files
 * of dead processes are removed; nobody ever removes one of a process that lives.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const began = (await procStat(process.pid))?.startTime ?? Math.round(performance.timeOrigin);
  const mine = `${path}.lock-${process.pid}-${began}`;
  await create(mine, path);
  const unlock = () => rm(mine, { force: true });
  try {
    await passOthers(path, mine);
  } catch (error) {
    await unlock();
    throw error;
  }
  return unlock;
}

async function passOthers(path: string, mine: string): Promise<void> {
  const prefix = `${basename(path)}.lock-`;
  for (const name of await readdir(dirname(path))) {
    const lockPath = join(dirname(path), name);
    const [, pid, began] = (name.startsWith(prefix) && /^(\d+)-(\d+)$/.exec(name.slice(prefix.length))) || [];
    if (pid === undefined || began === undefined || lockPath === mine) continue;
    if (await isAlive(Number(pid), began)) throw new StoreInUseError(path, Number(pid), lockPath);
    await rm(lockPath, { force: true });
  }
}

async function create(lockPath: string, path: string): Promise<void> {
  try {
    await (await open(lockPath, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StoreInUseError(path, process.pid, lockPath);
  }
}

/** A number that another process has by now does not keep the file locked, where the system tells when a process began. */
async function isAlive(pid: number, began: string): Promise<boolean> {
  if (pid === process.pid) return false; // our number, but not the lock file we made: of one before us
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = await procStat(pid);
  return stat === undefined || (stat.startTime === began && !['Z', 'X'].includes(stat.state));
}

/**
 * What Linux tells of a process: its state (Z and X have ended, but nobody has asked for their exit code) and when it
 * began, in ticks since the machine did. `undefined` elsewhere. Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
async function procStat(pid: number): Promise<{ state: string; startTime: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold anything
    const startTime = fields[18];
    return state && startTime ? { state, startTime } : undefined;
  } catch {
    return undefined;
  }
}
