/**
 * What an alert says to a person: one sentence on who had what done to them by whom and why it matters, and one with
 * the details that help to act. What the trace does not know is not mentioned.
 */
import type { Identity, SignalOrigin, SignalRecord, SignalTarget } from '../../model/report';
import type { Loss } from '../../trace-event';
import { processName } from '../../words/process-name';
import { knownSender, outcomeOf } from '../language/evidence';
import type { AwaitedStage } from '../language/rule';

/** How a person calls it. Empty where the reason of the verdict says it, or nobody knows. */
const WAYS: Readonly<Record<SignalOrigin, string>> = {
  kill: 'by kill()',
  tgkill: 'by tgkill()',
  rt_sigqueue: 'by sigqueue()',
  pidfd: 'by pidfd_send_signal()',
  oom: '',
  fault: '',
  timer: 'by a timer',
  tty: 'by its terminal',
  pipe: 'by writing where nobody reads',
  child: "by its child's end",
  pdeath: "by its parent's death",
  cgroup: 'by cgroup.kill',
  'orphaned-pgrp': 'by the end of the last parent of its process group',
  pidns: 'by the end of its pid namespace',
  seccomp: 'by seccomp',
  ptrace: 'by its tracer',
  bpf: 'by a BPF program',
  kernel: 'by the kernel',
  unknown: '',
};

/** The target, by name where the trace has one. */
export function targetName(signal: SignalRecord, target: SignalTarget | null): string {
  return processName(target?.comm ?? signal.target.comm, signal.target.tgid);
}

export function isToItself({ target }: SignalRecord, pid: number): boolean {
  return pid === target.pid || pid === target.tgid;
}

/** ` from bash (4994)`; empty where the trace does not show it, or it is the target itself. */
export function fromWhom(signal: SignalRecord): string {
  const sender = knownSender(signal);
  return sender && !isToItself(signal, sender.pid) ? ` from ${processName(sender.comm, sender.pid)}` : '';
}

/** "a.out (5441) was killed by SIGKILL from bash (4994), with a core dump: its own parent killed it". */
export function signalSentence(signal: SignalRecord, target: SignalTarget | null, reason: string): string {
  const from = fromWhom(signal);
  // Most default reasons name the sender themselves.
  const shown = from !== '' && reason.includes(from.slice(' from '.length)) ? '' : from;
  const core = signal.coreDumped === true ? ', with a core dump' : '';
  return `${targetName(signal, target)} ${whatCameOfIt(signal)} ${signal.signal}${shown}${core}: ${reason}`;
}

function whatCameOfIt(signal: SignalRecord): string {
  switch (outcomeOf(signal)) {
    case 'killed':
      return 'was killed by';
    case 'stopped':
      return 'was stopped by';
    case 'continued':
      return 'went on by';
    case 'handled':
      return 'handled';
    case 'taken':
      return 'waited for, and took,';
    case 'ignored':
      return 'ignored';
    case 'pending':
      return 'never received';
    case 'coalesced':
      return 'had waiting already, and did not get again,';
    case 'not-sent':
      return 'was to get, but was not sent,';
    case 'delivered':
      return 'got';
    case 'unknown':
      return 'was sent';
  }
}

/**
 * "Sent by kill() (__x64_sys_kill); sender: /usr/bin/bash, user alice, ssh.service; target: /root/a.out, user www,
 * web.service". Empty where nothing is known but the names.
 */
export function signalDetails(signal: SignalRecord, target: SignalTarget | null): string {
  const sender = knownSender(signal);
  const way = WAYS[signal.origin];
  const call = callOf(signal);
  const sent = [
    way === '' ? '' : `Sent ${way}`,
    call === null ? '' : way === '' ? `Sent in ${call}` : `(${call})`,
  ];
  const how = sent.filter(Boolean).join(' ');
  const senderIs = sender && !isToItself(signal, sender.pid) ? identityOf(sender.identity, null) : '';
  const targetIs = identityOf(target?.identity, target?.path ?? null);
  const parts = [
    how,
    senderIs === '' ? '' : `sender: ${senderIs}`,
    targetIs === '' ? '' : `target: ${targetIs}`,
  ];
  const details = parts.filter(Boolean).join('; ');
  return details.slice(0, 1).toUpperCase() + details.slice(1);
}

/** Every signal goes through these (kernel/signal.c): they say nothing of where it came from. */
const SENDING =
  /^_{0,2}(?:group_)?(?:send_sig|do_send_sig|complete_signal|force_sig_info_to_task|kill_pid_info)/;

/** Which system call, where somebody asked for the signal; else the innermost function that only some pass. */
function callOf({ generated }: SignalRecord): string | null {
  const frames = (generated?.stack ?? []).map((frame) => frame.replace(/[+ .].*$/, ''));
  return (
    frames.find((frame) => /^(?:__\w+?_)?(?:do_)?sys_\w+$/.test(frame)) ??
    frames.find((frame) => !SENDING.test(frame)) ??
    null
  );
}

/** `/usr/bin/bash, user alice, ssh.service, container 1a2b3c4d5e6f`. */
export function identityOf(identity: Identity | undefined, path: string | null): string {
  const program = identity?.exe ?? path;
  const user = identity?.user ?? (typeof identity?.uid === 'number' ? `id ${identity.uid}` : null);
  const parts = [
    program,
    user === null ? null : `user ${user}`,
    identity?.unit ?? null,
    // As docker ps shows it.
    identity?.container ? `container ${identity.container.slice(0, 12)}` : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** `5 s`, `1.5 s`, `34 ms`, `120 µs`. */
export function seconds(span: number): string {
  if (span === 0 || span >= 0.9995) return `${Number(span.toFixed(3))} s`;
  return span >= 0.0009995 ? `${Math.round(span * 1e3)} ms` : `${Math.round(span * 1e6)} µs`;
}

/** Before the text of one alert that stands for several: "3 times in 2 s, the last: ". */
export function timesText(count: number, span: number, which: 'last' | 'worst'): string {
  return `${count} times in ${seconds(span)}, the ${which}: `;
}

/** Behind the name of a process: "a.out (5441) did not exit within 5 s after ...". */
export const NOT_COME = {
  exit: 'did not exit',
  stop: 'did not stop',
  continue: 'did not go on',
  reap: 'was not reaped',
  signal: 'did not get the signal that should have come',
} as const satisfies Record<AwaitedStage | 'signal', string>;

/** "a.out (5441) has been a zombie for 30 s, its parent, bash (4994), never waited for it: ..." */
export function zombieText(target: SignalTarget, age: number, reason: string): string {
  const who = processName(target.comm, Number.parseInt(target.id, 10));
  const parent = target.ancestors[0];
  const waiter =
    parent === undefined ? 'nobody' : `its parent, ${processName(parent.comm, parent.pid)}, never`;
  const details = identityOf(target.identity, target.path);
  const what = `${who} has been a zombie for ${seconds(age)}, ${waiter} waited for it: ${reason}`;
  return details === '' ? what : `${what}. It is ${details}`;
}

/** What was lost, in how many gaps, of which the last is the one of its CPU. */
export interface Lost extends Pick<Loss, 'cpu' | 'count'> {
  readonly gaps: number;
}

/** "7 events lost on CPU 1 before 9978.200000: ...", "12 events lost in 3 gaps, the last on CPU 1 before ...: ..." */
export function lossText({ count, cpu, gaps }: Lost, ts: number, reason: string): string {
  const many = count === null ? 'an unknown number of events' : count === 1 ? '1 event' : `${count} events`;
  const where = cpu < 0 ? '' : ` on CPU ${cpu}`;
  const among = gaps === 1 ? '' : ` in ${gaps} gaps, the last`;
  return `${many} lost${among}${where} before ${ts.toFixed(6)}: ${reason}`;
}
