/**
 * What an alert says to a person: who did what to whom and what came of it, why that matters, and the details that help
 * to act. What the trace does not know is not mentioned.
 */
import type { Identity, SignalOrigin, SignalRecord, SignalTarget } from '../../model/report';
import type { Loss } from '../../trace-event';
import { senderName } from '../../words/sender-phrase';
import { knownSender, outcomeOf, sentToItself } from '../language/evidence';
import type { AwaitedStage } from '../language/rule';
import { deathText } from './fate-text';
import { opening } from './opening';
import { seconds } from './seconds';

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

/** ` from bash (4994)`; empty where the trace does not show it, or it is the target itself. */
export function fromWhom(signal: SignalRecord): string {
  const sender = knownSender(signal);
  return sender && !sentToItself(signal) ? ` from ${senderName(sender)}` : '';
}

/** "a.out (5441) was killed (SIGKILL) by its parent, bash (4994), with a core dump". */
export function signalSentence(signal: SignalRecord, target: SignalTarget | null): string {
  const begin = opening(signal, target);
  switch (outcomeOf(signal)) {
    case 'killed':
      return deathText(signal, target, null);
    case 'handled':
      return `${begin}: handled`;
    case 'taken':
      return `${begin}: taken by sigwait()`;
    case 'ignored':
      return `${begin}: ignored`;
    case 'pending':
      return `${begin}: never delivered`;
    case 'coalesced':
      return `${begin}: the same signal was already pending`;
    case 'not-sent':
      return `${begin}: not sent, its queue is full`;
    default:
      return begin;
  }
}

/** "It crashes again and again." */
export function asSentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
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
  const senderIs = sender && !sentToItself(signal) ? identityOf(sender.identity, null) : '';
  const targetIs = identityOf(target?.identity, target?.path ?? null);
  const parts = [
    how,
    senderIs === '' ? '' : `sender: ${senderIs}`,
    targetIs === '' ? '' : `target: ${targetIs}`,
  ];
  return asSentence(parts.filter(Boolean).join('; '));
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

/** Before the text of one alert that stands for several: "3 times in 2 s, the last: ". */
export function timesText(count: number, span: number, which: 'last' | 'worst'): string {
  return `${count} times in ${seconds(span)}, the ${which}: `;
}

/** After the name of a process: "a.out (5441) did not exit within 5 s after ...". */
export const NOT_COME = {
  exit: 'did not exit',
  stop: 'did not stop',
  continue: 'was not continued',
  reap: 'was not reaped',
  signal: 'did not get the awaited signal',
} as const satisfies Record<AwaitedStage | 'signal', string>;

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
