/**
 * Events of the whole machine to records of what is watched. What is kept grows with what lives at one moment, each up to a
 * limit, never with time: a record leaves as soon as it is settled.
 */
import { int32 } from '../model/field-values';
import type { Exit, Identity, Sender, Service, SignalRecord, SignalTarget } from '../model/report';
import { WallClock } from '../model/wall-clock';
import { duration } from '../words/duration';
import { printable } from '../export/printable';
import { containerOf, unitOf } from '../kernel/cgroup-path';
import type { RingEvent } from '../readers/pages/ring-event';
import { UserNames } from '../session/user-names';
import type { Face } from '../session/task-history';
import type { Loss } from '../trace-event';
import type { HostProcess } from './host-process';
import { HostTable } from './host-table';
import { causeOfEnd, signalText, titleOf } from './record-text';
import { Selection } from './selection';
import { isInterrupt, SignalFates, signalRecord } from './signal-fates';
import { noCount, type WatchCount } from './watch-counters';
import type { WatchRecord, WatchRecordName } from './watch-record';
import type { WatchSettings } from './watch-settings';

/**
 * Seconds after its last thread's exit in which SIGCHLD says how it ended; both come from the same task, one after the
 * other (kernel/exit.c, do_exit and exit_notify).
 */
const NEWS_WAIT = 0.05;
/** Ends that wait for that news; of more, the oldest is reported without. */
const MAX_ENDING = 10_000;

/** Why a record of an unseen signal may be wrong. */
const UNSEEN = 'the sending of the signal that ended it was not seen, and fatal signals are delivered as 9';

export class HostModel {
  /** The events that it follows; others need not be looked at. */
  readonly events: readonly string[] = [
    'task_newtask',
    'task_rename',
    'sched_process_exec',
    'sched_process_exit',
    'sched_process_free',
    'signal_generate',
    'signal_deliver',
    'mark_victim',
    'cgroup_attach_task',
  ];
  readonly #selection: Selection;
  readonly #table: HostTable;
  readonly #fates: SignalFates;
  readonly #clock = new WallClock();
  readonly #users = new UserNames();
  /** Exited, and their news is awaited; in that order. */
  readonly #ending = new Set<HostProcess>();
  readonly #count: WatchCount = noCount();
  #records: WatchRecord[] = [];

  /** @param now seconds on the trace clock */
  constructor(settings: Pick<WatchSettings, 'selectors' | 'exclude'>, now: () => number) {
    this.#selection = new Selection(settings.selectors, settings.exclude);
    this.#table = new HostTable(this.#selection, now, {
      started: (process, ts) => {
        this.#started(process, ts);
      },
      vanished: (process, ts) => {
        process.exitTs ??= ts;
        this.#tellEnd(process);
      },
    });
    this.#fates = new SignalFates({
      settled: (record, process, ts) => {
        this.#add(
          'signal',
          ts,
          process,
          signalText(record, process),
          record,
          this.#targetOf(process, record),
        );
      },
    });
  }

  /** Whether the instance must say who is moved into which cgroup. */
  static asksForCgroups({ selectors, exclude }: Pick<WatchSettings, 'selectors' | 'exclude'>): boolean {
    return new Selection(selectors, exclude).asksForCgroups;
  }

  /** The same moment on the trace clock and on the wall, taken again and again: either clock may be set or stop. */
  setTime(ts: number, unixSeconds: number): void {
    this.#clock.set({ ts, unixSeconds });
  }

  /** Reads who is there. The events must be recorded already. */
  begin(): void {
    this.#table.begin();
  }

  /** How many events the kernel overwrote; null where it could not say. */
  get lostEvents(): number | null {
    return this.#count.lost;
  }

  /** Looks at all processes. */
  get count(): WatchCount {
    const { size, watched, services, leftOut } = this.#table;
    return {
      ...this.#count,
      processes: size,
      watched,
      pending: this.#fates.size,
      services: services.size,
      processesLeftOut: leftOut,
      pendingLeftOut: this.#fates.leftOut,
      servicesForgotten: services.forgotten,
    };
  }

  /** One event, in order of time. */
  apply(event: RingEvent): void {
    this.#count.events++;
    switch (event.name) {
      case 'task_newtask':
        this.#table.forked(event);
        break;
      case 'task_rename':
        this.#table.renamed(event);
        break;
      case 'sched_process_exec':
        this.#table.executed(event);
        break;
      case 'sched_process_exit':
        this.#exited(event);
        break;
      case 'sched_process_free':
        this.#freed(event);
        break;
      case 'signal_generate':
        this.#generated(event);
        break;
      case 'signal_deliver': {
        const process = this.#table.of(event.pid, event.ts)?.process;
        if (process !== undefined) this.#fates.delivered(event, process);
        break;
      }
      case 'mark_victim': {
        const process = this.#table.of(int32(event.field('pid')) ?? -1, event.ts)?.process;
        if (process !== undefined) process.oomVictim = true;
        break;
      }
      case 'cgroup_attach_task':
        this.#table.movedTo(event);
        break;
    }
  }

  /** The kernel overwrote events: who is there is read anew, and what waited may have happened. */
  lost(losses: readonly Loss[], now: number): void {
    for (const loss of losses) {
      const { lost } = this.#count;
      this.#count.lost = lost === null || loss.count === null ? null : lost + loss.count;
      const ts = loss.ts ?? now;
      const many = loss.count === null ? 'an unknown number of events' : `${loss.count} events`;
      this.#add('lost', ts, null, `${many} lost on CPU ${loss.cpu}`, loss);
    }
    if (losses.length === 0) return;
    for (const process of this.#ending) this.#tellEnd(process);
    this.#fates.forget(now);
    this.#table.begin();
  }

  /** Nobody watched in this time; in seconds since 1970. */
  gap(fromUnix: number, toUnix: number, ts: number): void {
    const [from, to] = [fromUnix, toUnix].map((seconds) => new Date(seconds * 1000).toISOString());
    const text = `not watched from ${from} to ${to} (${duration(toUnix - fromUnix)})`;
    this.#add('gap', ts, null, text, { from, to, seconds: toUnix - fromUnix });
  }

  /** After each batch. @param ts all events up to this moment have been applied */
  pass(ts: number): void {
    for (const process of this.#ending) {
      if ((process.exitTs ?? ts) > ts - NEWS_WAIT) break;
      this.#tellEnd(process);
    }
    this.#fates.pass(ts);
    this.#table.readUnread();
    for (const { record, process } of this.#fates.takeNew()) this.#announce(record, process);
  }

  /** The watch has ended. */
  finish(ts: number): void {
    for (const process of this.#ending) this.#tellEnd(process);
    this.#fates.forget(ts);
  }

  take(): WatchRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#count.records += records.length;
    return records;
  }

  #exited(event: RingEvent): void {
    const process = this.#table.exited(event);
    if (process === null || process.membership === null) return;
    this.#ending.add(process);
    if (this.#ending.size <= MAX_ENDING) return;
    const [oldest] = this.#ending;
    if (oldest !== undefined) this.#tellEnd(oldest);
  }

  #freed(event: RingEvent): void {
    const process = this.#table.freed(event);
    if (process === null || process.isTold) return;
    // Its last thread's exit was not seen.
    process.exitTs ??= event.ts;
    this.#tellEnd(process);
  }

  #generated(event: RingEvent): void {
    const number = int32(event.field('sig'));
    const tid = int32(event.field('pid'));
    if (number === null || tid === null) return;
    const code = int32(event.field('code'));
    if (SignalFates.isNewsOfDeath(number, code)) {
      const child = isInterrupt(event) === true ? undefined : this.#table.of(event.pid, event.ts)?.process;
      if (child?.exitTs === null || child === undefined || child.isTold) return;
      child.childCode = code;
      if (this.#ending.has(child)) this.#tellEnd(child);
      return;
    }
    const process = this.#table.of(tid, event.ts)?.process;
    if (process === undefined) {
      this.#count.unknownTasks++;
      return;
    }
    if (process.membership === null || process.isTold) return;
    process.wasSignalled = true;
    this.#table.settleService(process);
    const from = this.#table.of(event.pid, event.ts);
    const sender = this.#senderOf(event, from, process);
    const record = signalRecord(event, {
      sender,
      senderProcess: from?.process ?? null,
      process,
      time: this.#clock.timeOf(event.ts),
    });
    this.#fates.sent(record, process, record.group === true);
  }

  #senderOf(
    event: RingEvent,
    from: { readonly process: HostProcess; readonly face: Face } | null,
    target: HostProcess,
  ): Sender {
    const irq = isInterrupt(event);
    if (irq === true || from === null || event.pid === 0) {
      if (irq !== true && event.pid !== 0) this.#count.unknownTasks++;
      return {
        pid: event.pid,
        tid: null,
        tgid: null,
        comm: null,
        thread: null,
        ancestors: [],
        inTree: false,
        irq: irq === true || event.pid === 0,
        control: null,
      };
    }
    const { process, face } = from;
    const isSameService =
      target.membership !== null &&
      target.membership.name !== null &&
      process.membership === target.membership;
    return {
      pid: event.pid,
      tid: event.pid,
      tgid: process.pid,
      comm: process.known.comm,
      thread: face.thread ?? process.known.comm,
      ancestors: face.ancestors.map(({ pid, comm }) => ({ pid, comm })),
      inTree: isSameService,
      irq,
      control: null,
      identity: this.#identityOf(process, face.ancestors),
    };
  }

  #identityOf(process: HostProcess, ancestors: Face['ancestors']): Identity {
    const { exe, uid, cgroup, known, since } = process;
    return {
      exe,
      uid,
      user: uid === null ? null : this.#users.of(uid),
      ppid: ancestors[0]?.pid ?? null,
      cgroup,
      unit: cgroup === null ? null : unitOf(cgroup),
      container: cgroup === null ? null : containerOf(cgroup),
      startTime: known.startTime,
      ancestors: ancestors.map(({ pid, comm }) => ({ pid, comm })),
      since,
    };
  }

  #targetOf(process: HostProcess, fatal: SignalRecord | null): SignalTarget {
    const { known, membership } = process;
    const ancestors = this.#table.ancestorsOf(process);
    const service = serviceOf(process);
    return {
      id: process.id,
      comm: known.comm,
      path: known.program ?? process.exe,
      ancestors,
      ...(roleOf(process) && { role: roleOf(process) }),
      identity: this.#identityOf(process, ancestors),
      ...(service && { service }),
      ...(membership !== null &&
        fatal?.fatal === true &&
        fatal.generated === null && { incomplete: [UNSEEN] }),
    };
  }

  #announce(record: SignalRecord, process: HostProcess): void {
    const text = signalText(record, process);
    this.#add('signal-generated', record.ts, process, text, record, this.#targetOf(process, null));
  }

  /** Once for each process. */
  #tellEnd(process: HostProcess): void {
    this.#ending.delete(process);
    if (process.isTold) return;
    process.isTold = true;
    if (process.membership === null) return;
    this.#table.settleService(process);
    const ts = process.exitTs ?? 0;
    const fatal = this.#fates.ended(process, ts);
    const time = this.#clock.timeOf(ts);
    if (fatal !== null || isEndTold(process)) {
      const cause = causeOfEnd(fatal, process.childCode);
      const exit: Exit = {
        ts,
        time,
        kind: fatal === null ? 'exited' : 'signaled',
        code: null,
        signal: fatal?.signal ?? null,
        coreDumped: fatal === null ? false : (fatal.coreDumped ?? null),
        cause,
        root: null,
      };
      const text = fatal === null ? `${titleOf(process)} exited` : `${titleOf(process)} ended: ${cause}`;
      this.#add('exit', ts, process, text, exit, this.#targetOf(process, fatal));
    }
    this.#table.ended(process, ts, time, fatal?.signal ?? null);
  }

  #started(process: HostProcess, ts: number): void {
    const service = serviceOf(process);
    if (service === undefined || (isOfHost(process) && service.generation === 1)) return;
    const { generation, previous, name } = service;
    const how =
      previous === null
        ? ''
        : `, ${duration(Math.max(0, ts - previous.ts))} after ${previous.signal ?? 'its end'}`;
    const text = `${name}: ${titleOf(process)} started, generation ${generation}${how}`;
    this.#add('start', ts, process, text, service, this.#targetOf(process, null));
  }

  #add(
    stage: WatchRecordName,
    ts: number,
    process: HostProcess | null,
    text: string,
    detail: unknown,
    target?: SignalTarget,
  ): void {
    this.#records.push({
      stage,
      ts,
      time: this.#clock.timeOf(ts),
      pid: process?.pid ?? 0,
      tgid: process?.pid ?? 0,
      comm: process?.known.comm ?? null,
      process: process?.id ?? null,
      service: target?.service ?? null,
      text: printable(text),
      detail,
      ...(target && { target }),
    });
  }
}

function serviceOf({ membership }: HostProcess): Service | undefined {
  return membership?.life ?? undefined;
}

/** It is watched only because everybody is. */
function isOfHost({ membership }: HostProcess): boolean {
  return membership?.selector.conditions.every(({ kind }) => kind === 'host') === true;
}

/**
 * Of the whole machine only main processes of services, and those that got a signal, so that it is known what came of it:
 * others come and go by the thousand.
 */
function isEndTold(process: HostProcess): boolean {
  if (!isOfHost(process) || process.wasSignalled) return true;
  return process.membership?.main === process && serviceOf(process) !== undefined;
}

/** What was asked for by name is the subject, as what a session attaches to; the rest are its descendants. */
function roleOf(process: HostProcess): 'attached' | 'descendant' | null {
  if (process.membership === null || isOfHost(process)) return null;
  return process.membership.main === process ? 'attached' : 'descendant';
}
