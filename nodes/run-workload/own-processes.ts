/** What the run-workload nodes of this Node-RED run now, and which other processes a message may signal. */
import {
  descendsFrom,
  isTraced,
  readProcessIdentity,
  sendSignal,
  signalProcess,
  type ProcessIdentity,
  type Workload,
} from '../../src/index';
import type { Limits, MayKill } from '../adapter/limits';

const running = new Set<Workload>();

/** @returns what to call when it has ended */
export function addRunning(workload: Workload): () => void {
  running.add(workload);
  return () => running.delete(workload);
}

/** What a command of ours started, even if nothing is traced, or the trace is not read up to here yet. */
function isRunHere(pid: number): boolean {
  const commands = new Set([...running].map((workload) => workload.pid));
  return descendsFrom(pid, commands);
}

function isAllowed(who: MayKill, pid: number): boolean {
  // Without the traced parent there is nobody to send the workload's signals, or to reap it.
  const isParent = [...running].some(({ parentPid }) => parentPid === pid);
  if (isParent || who === 'none') return false;
  return who === 'any' || isTraced(pid) || isRunHere(pid);
}

/**
 * Signals the one process that `msg.process` names, if it is still that one and an administrator lets flows do so.
 * @param signal `SIGTERM`
 * @param given `{ pid, startTime }`, as an alert has them
 * @returns whom it was sent to
 * @throws TraceError MESSAGE_INVALID, PROCESS_MISSING, PROCESS_REPLACED, KILL_DENIED
 */
export function signalNamedProcess(
  { mayKill: who }: Pick<Limits, 'mayKill'>,
  signal: string,
  given: unknown,
): ProcessIdentity & { readonly comm: string } {
  const { pid, startTime } = readProcessIdentity('msg.process', given);
  const comm = signalProcess(
    { pid, startTime },
    signal,
    (asked) => isAllowed(who, asked),
    (asked) => {
      sendSignal(asked, signal, 'asked by the flow');
    },
  );
  return { pid, startTime, comm };
}
