/**
 * How an alert begins: who did what to whom, "redis-server (812) was asked to end (SIGTERM) by kill (17108), run by
 * backup.sh (17095), cron.service". Each sentence is whole; a fate may follow it after a colon.
 */
import type { SignalRecord, SignalTarget } from '../../model/report';
import { processName } from '../../words/process-name';
import { senderName, senderPhrase } from '../../words/sender-phrase';
import { knownSender, outcomeOf, sentByParent, sentToItself } from '../language/evidence';
import { asksToEnd, isCrash, isOnPurpose } from '../matching/signal-kinds';

/** The target, by name where the trace has one. */
export function targetName(signal: SignalRecord, target: SignalTarget | null): string {
  return processName(target?.comm ?? signal.target.comm, signal.target.tgid);
}

/** "kill (17108), run by backup.sh (17095)"; "its parent, bash (4994)". */
export function byWhom(signal: SignalRecord, target: SignalTarget | null): string {
  const sender = knownSender(signal);
  if (sender === null) return signal.sender === null ? 'a sender that is not in this trace' : 'an interrupt';
  const control = sender.control ?? null;
  const who = senderPhrase(sender, signal.target.tgid);
  return control === null && sentByParent(signal, target) ? `its parent, ${who}` : who;
}

const KEYS: Readonly<Record<string, string>> = {
  SIGINT: 'Ctrl-C',
  SIGQUIT: 'Ctrl-\\',
  SIGTSTP: 'Ctrl-Z',
};

export function opening(signal: SignalRecord, target: SignalTarget | null): string {
  const who = targetName(signal, target);
  return (
    byKernel(signal, who) ?? (sentToItself(signal) ? byItself(signal, who) : byAnother(signal, target, who))
  );
}

/** What no process wanted; null for the others. */
function byKernel(signal: SignalRecord, who: string): string | null {
  const { signal: name, origin, code } = signal;
  const verb = signal.fatal ? 'was killed by' : 'got';
  const cause = typeof code === 'string' ? `${name}, ${code}` : name;
  switch (origin) {
    case 'oom':
      return `${who} was killed (${name}) by ${signal.cause ?? 'the OOM killer'}`;
    case 'tty':
      if (name === 'SIGHUP') return `${who} was hung up (SIGHUP): its terminal was closed`;
      if (name in KEYS)
        return `${who} was interrupted at its terminal (${name}, ${signal.cause ?? KEYS[name]})`;
      return `${who} ${verb} ${name} from its terminal`;
    case 'fault':
      return `${who} crashed (${cause})`;
    case 'seccomp':
      return `${who} made a system call that its seccomp filter forbids (${name})`;
    case 'pipe':
      if (name !== 'SIGPIPE') return null;
      return `${who} wrote to a pipe or socket that nobody reads (SIGPIPE)`;
    case 'timer':
      if (name === 'SIGXCPU') return `${who} used more CPU time than its limit allows (SIGXCPU)`;
      if (name === 'SIGKILL') return `${who} was killed (SIGKILL) by its hard limit of CPU time`;
      return `${who} ${verb} ${name} from its own timer`;
    case 'kernel':
      if (name === 'SIGXFSZ') return `${who} wrote a file larger than its limit allows (SIGXFSZ)`;
      return signal.cause ? `${who} ${verb} ${name}: ${signal.cause}` : null;
    case 'pdeath':
      return `${who} ${verb} ${name} because its parent${parentThatEnded(signal)} ended`;
    case 'pidns':
      return `${who} ${verb} ${name} because the first process of its pid namespace ended`;
    case 'orphaned-pgrp':
      return `${who} ${verb} ${name} because its process group lost its last parent`;
    default:
      return null;
  }
}

function parentThatEnded(signal: SignalRecord): string {
  const sender = knownSender(signal);
  return sender === null ? '' : `, ${senderName(sender)},`;
}

function byItself(signal: SignalRecord, who: string): string {
  const { signal: name } = signal;
  if (name === 'SIGABRT') return `${who} called abort() (SIGABRT)`;
  return isOnPurpose(signal) ? `${who} sent itself ${name}` : `${who} got ${name} from itself`;
}

function byAnother(signal: SignalRecord, target: SignalTarget | null, who: string): string {
  const { signal: name } = signal;
  const by = byWhom(signal, target);
  if (asksToEnd(signal)) return `${who} was asked to end (${name}) by ${by}`;
  if (name === 'SIGABRT') return `${who} was aborted (SIGABRT) by ${by}`;
  switch (outcomeOf(signal)) {
    case 'killed':
      return `${who} was killed (${name}) by ${by}`;
    case 'stopped':
      return `${who} was stopped (${name}) by ${by}`;
    case 'continued':
      return `${who} was continued (${name}) by ${by}`;
    default:
      return isCrash(signal) && knownSender(signal) === null
        ? `${who} crashed (${name})`
        : `${who} was sent ${name} by ${by}`;
  }
}
