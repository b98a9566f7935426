import type { SignalRecord, SignalTarget } from '../../src/model/report';
import type { RuleSet } from '../../src/rules/language/rule';

export const NO_RULES: RuleSet = { match: 'first', rules: [] };

/** A `kill -9` of a.out (5441) by bash (4994), its parent, as the walk-through's trace has it; with changes. */
export function signalRecord(changes: Partial<SignalRecord> = {}): SignalRecord {
  return {
    ts: 9992.171044,
    time: null,
    signal: 'SIGKILL',
    number: 9,
    code: 'SI_USER',
    result: 'delivered',
    origin: 'kill',
    fatal: true,
    control: false,
    sender: { pid: 4994, comm: 'bash', inTree: true, irq: false },
    target: { pid: 5441, tgid: 5441, comm: 'a.out' },
    generated: { ts: 9992.171044, stack: ['__send_signal', 'do_send_sig_info', 'kill_pid_info'] },
    delivered: { ts: 9992.171045, tid: 5441, handler: 'default', stack: ['get_signal'] },
    latency: 0.000001,
    ...changes,
  };
}

export const A_OUT: SignalTarget = {
  id: '5441@9978.187638',
  comm: 'a.out',
  path: '/root/a.out',
  ancestors: [
    { pid: 4994, comm: 'bash' },
    { pid: 4990, comm: 'sshd' },
  ],
};

export const OUTSIDER = { pid: 900, comm: 'systemd', inTree: false, irq: false };
export const ITSELF = { pid: 5441, comm: 'a.out', inTree: true, irq: false };

/** Delivered to a handler of the program, which went on. */
export const HANDLED: Partial<SignalRecord> = {
  fatal: false,
  delivered: { ts: 9992.171045, tid: 5441, handler: '0x55f324e07ad0', stack: [] },
};
/** Dropped when it was sent. */
export const IGNORED: Partial<SignalRecord> = { fatal: false, result: 'ignored', delivered: null };
