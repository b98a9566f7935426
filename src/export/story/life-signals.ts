/** Which signals a process gets and sends, and what becomes of each. */
import type { Delivery, ProcessRecord, Report, SignalRecord } from '../../model/report';
import { interruptionText } from '../../words/interruption';
import type { StoryClock } from './clock';
import { evidence, type LifeContext, type StoryEntry } from './entry';
import { nameAndPid } from './names';
import { signalAndSender } from './sender';

/** Signals a person needs to read under this process: not the news of its children, not the session's own. */
export function ownSignals(process: ProcessRecord, report: Report): SignalRecord[] {
  return process.signals
    .map((index) => report.signals[index])
    .filter((signal) => signal !== undefined)
    .filter((signal) => !signal.control && signal.origin !== 'child');
}

export function receivedEntries(process: ProcessRecord, context: LifeContext): StoryEntry[] {
  const parent = context.report.processes.find(({ id }) => id === process.parent)?.pid ?? null;
  return runsOf(ownSignals(process, context.report), sameSignal).flatMap((run) =>
    run.length === 1 ? oneSignal(run[0]!, process, parent, context) : [manySignals(run, parent, context)],
  );
}

function sameSignal(a: SignalRecord, b: SignalRecord): boolean {
  return (
    !a.fatal &&
    !b.fatal &&
    a.number === b.number &&
    a.sender?.pid === b.sender?.pid &&
    a.origin === b.origin &&
    a.result === b.result &&
    a.delivered?.handler === b.delivered?.handler
  );
}

function oneSignal(
  signal: SignalRecord,
  { identity }: ProcessRecord,
  parent: number | null,
  { clock }: LifeContext,
): StoryEntry[] {
  const { generated, delivered } = signal;
  const sending: StoryEntry = {
    ts: signal.ts,
    what: 'signal',
    text: `${signalAndSender(signal, parent, identity)}${signal.fatal ? '' : `; ${signalFate(signal, clock)}`}`,
    ...evidence(generated?.stack),
    tone: 'signal',
  };
  // A death is shown in its two moments, sent and delivered; for others one line is enough.
  if (!signal.fatal || !delivered) return [sending];
  const after = signal.latency === null ? '' : `, ${clock.span(signal.latency)} after it was sent`;
  // No call returns to a process that is killed.
  const alone: Delivery = { ...delivered, interrupted: null };
  const call = delivered.interrupted ? `, in ${delivered.interrupted.call}()` : '';
  const arrival: StoryEntry = {
    ts: delivered.ts,
    what: 'arrived',
    text: `${signal.signal} in thread ${delivered.tid}: ${actionOf(alone, '', clock)}${after}${call}`,
    ...evidence(delivered.stack),
    tone: 'signal',
  };
  return generated ? [sending, arrival] : [{ ...sending, ...evidence(delivered.stack) }];
}

function manySignals(
  run: readonly SignalRecord[],
  parent: number | null,
  { clock }: LifeContext,
): StoryEntry {
  const first = run[0]!;
  const span = clock.span(run.at(-1)!.ts - first.ts);
  // Each had its own delay, and its handler its own time.
  const common: SignalRecord = {
    ...first,
    latency: null,
    delivered: first.delivered && { ...first.delivered, handlerTime: null, interrupted: null },
  };
  return {
    ts: first.ts,
    what: 'signal',
    text: `${run.length} × ${signalAndSender(first, parent)} in ${span}; ${signalFate(common, clock)}`,
    ...evidence(first.generated?.stack),
    tone: 'signal',
  };
}

export function sentEntries({ sent: signals, clock, names, report }: LifeContext): StoryEntry[] {
  return signals.map((signal) => {
    const target = names.process(signal.target.tgid, signal.ts);
    const to = nameAndPid(target?.comm ?? signal.target.comm, signal.target.tgid);
    const text = `${signal.signal}${signal.code === null ? '' : ` (${signal.code})`} to ${to}; ${signalFate(signal, clock)}`;
    const death = signal.code === 'CLD_KILLED' || signal.code === 'CLD_DUMPED';
    // The way to a parent's SIGCHLD is always the same: shown where a person reads one death, not hundreds.
    const stack = death && report.processes.length <= 12 ? signal.generated?.stack : undefined;
    return { ts: signal.ts, what: 'tells', text, ...evidence(stack && fromExit(stack)), tone: 'signal' };
  });
}

/** How a task came to its exit was shown with the signal that killed it. */
function fromExit(stack: readonly string[]): readonly string[] {
  const exit = stack.findIndex((frame) => frame.startsWith('do_exit'));
  return exit < 0 ? stack : stack.slice(0, exit + 1);
}

function signalFate({ signal, result, delivered, latency }: SignalRecord, clock: StoryClock): string {
  switch (result) {
    case 'delivered':
    case 'info-lost': {
      const later = latency === null ? '' : ` ${clock.span(latency)} later`;
      const lost = result === 'info-lost' ? ', without its siginfo' : '';
      return `${delivered ? actionOf(delivered, later, clock) : `delivered${later}`}${lost}`;
    }
    case 'pending':
      return 'never delivered';
    case 'ignored':
      // It continues a process before anybody asks for a handler (kernel/signal.c, prepare_signal).
      return signal === 'SIGCONT' ? 'no handler; what was stopped goes on' : 'no effect';
    case 'coalesced':
      return 'one was pending already';
    case 'overflow':
      return 'not sent, the queue is full';
    case 'unknown':
      return 'what became of it is not in the trace';
  }
}

/** `default action, 3 µs later`; `caught 7 µs later, handler 0x55f324e07ad0 ran 1.20 ms, read() returned EINTR`. */
function actionOf(delivered: Delivery, later: string, clock: StoryClock): string {
  const { handler, handlerTime = null, interrupted = null } = delivered;
  const call = interrupted === null ? '' : `, ${interruptionText(interrupted)}`;
  if (handler === 'default' || handler === 'ignore') {
    return `${handler === 'default' ? 'default action' : 'ignored'}${later === '' ? '' : `,${later}`}${call}`;
  }
  if (!handler.startsWith('0x')) return `taken by ${handler}${later === '' ? '' : `,${later}`}`;
  return `caught${later}, handler ${handler}${handlerTime === null ? '' : ` ran ${clock.span(handlerTime)}`}${call}`;
}

function runsOf<T>(all: readonly T[], same: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  for (const one of all) {
    const run = runs.at(-1);
    if (run && same(run.at(-1)!, one)) run.push(one);
    else runs.push([one]);
  }
  return runs;
}
