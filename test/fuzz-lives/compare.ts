/** Compares what a report says of a program with what its players wrote. Each difference is a find. */
import { signalName } from '../../src/kernel/signals';
import type { ProcessRecord, Report, SignalRecord } from '../../src/model/report';
import { hasExitSignal, hasNamespace, hasStep, type Program } from './program';
import type { Line } from './truth';

/** Clocks are compared as float64 seconds, of which the trace keeps nanoseconds. */
const CLOCK_TOLERANCE = 2e-6;
/** Names need a probe, or a kernel that puts them into the event; what a tracer or a signalfd takes is not in the trace. */
const ADMITTED =
  /^(?:files were opened whose names|the name of a program it ran|relative file names|it is traced by ptrace|it has a signalfd)/;
/** A dying first process of a namespace reaps the others inside the kernel (kernel/pid_namespace.c, zap_pid_ns_processes). */
const ADMITTED_IN_NAMESPACES = /^the wait that reaped it is not in the trace/;
/** Signals that somebody's system call sends. */
const BY_CALL = new Set(['kill', 'tgkill', 'rt_sigqueue', 'pidfd']);

/** The report's records by their numbers: one number may have several lives. */
export class Records {
  readonly report: Report;
  readonly #byPid = new Map<number, ProcessRecord[]>();

  constructor(report: Report) {
    this.report = report;
    for (const life of report.processes) {
      const lives = this.#byPid.get(life.pid) ?? [];
      lives.push(life);
      this.#byPid.set(life.pid, lives);
    }
  }

  /** The process that had this number then. */
  at(pid: number, ts: number): ProcessRecord | undefined {
    return this.#byPid.get(pid)?.findLast((life) => (life.fork?.ts ?? 0) <= ts + CLOCK_TOLERANCE);
  }

  signalsTo(life: ProcessRecord): SignalRecord[] {
    return life.signals.map((at) => this.report.signals[at]!);
  }
}

class Comparison {
  readonly #program: Program;
  readonly #lines: readonly Line[];
  readonly #records: Records;
  /** Local pids and tids of the namespace that the player made, to those of the machine. */
  readonly #global = new Map<number, number>();
  readonly #lives = new Map<ProcessRecord, Line>();
  readonly finds: string[] = [];

  constructor(program: Program, lines: readonly Line[], records: Records) {
    this.#program = program;
    this.#lines = lines;
    this.#records = records;
  }

  run(): string[] {
    const player = this.#lines.find(({ verb }) => verb === 'program');
    if (player === undefined || this.#lines.at(-1)?.verb !== 'ended')
      return ['the program was not played to its end'];
    for (const line of this.#lines) {
      if (line.verb !== 'born') continue;
      const [, pid, tid] = line.words.map(Number) as [number, number, number];
      if (!hasNamespace(this.#program)) {
        this.#global.set(pid, line.pid);
        this.#global.set(tid, line.tid);
      }
      const life = this.#records.at(line.pid, line.ts);
      if (life === undefined) this.#find(line, 'it has no record');
      else if (!this.#lives.has(life)) this.#lives.set(life, line);
    }
    this.#births();
    this.#ends();
    this.#sends();
    this.#arrivals();
    this.#execs();
    this.#threads();
    for (const life of this.#lives.keys()) {
      for (const reason of life.incomplete)
        if (!ADMITTED.test(reason) && !(hasNamespace(this.#program) && ADMITTED_IN_NAMESPACES.test(reason)))
          this.#find(this.#lives.get(life)!, `the report doubts: ${reason}`);
    }
    return this.finds;
  }

  #find({ pid, tid, ts, verb, words }: Line, what: string): void {
    this.finds.push(`${verb} ${words.join(' ')} (${pid}/${tid} at ${ts.toFixed(9)}): ${what}`);
  }

  #births(): void {
    const begun = new Map<string, Line>();
    for (const line of this.#lines) if (line.verb === 'forked') begun.set(line.words[1]!, line);
    for (const [life, line] of this.#lives) {
      const forked = begun.get(line.words[0]!);
      if (forked === undefined) continue;
      const parent = this.#records.at(forked.pid, forked.ts);
      if (life.parent !== parent?.id)
        this.#find(line, `its parent is ${String(life.parent)}, not ${String(parent?.id)}`);
      if (life.fork?.by !== forked.tid)
        this.#find(line, `forked by ${String(life.fork?.by)}, not by ${forked.tid}`);
    }
  }

  #ends(): void {
    const last = new Map<ProcessRecord, Line>();
    // Whether a core was dumped is in the SIGCHLD alone.
    const sendsNoSigchld = hasExitSignal(this.#program);
    for (const line of this.#lines) {
      if (line.verb !== 'waited') continue;
      const [call, local, how, value, core] = line.words as [string, string, string, string, string];
      if (how !== 'exited' && how !== 'killed') continue;
      const pid = this.#global.get(Number(local));
      const life = pid === undefined ? undefined : this.#records.at(pid, line.ts);
      // Killed before it could say who it is.
      if (life === undefined) continue;
      const { exit } = life;
      const said = exit === null ? 'nothing' : `${exit.kind} ${exit.code ?? exit.signal ?? 'null'}`;
      const true_ = how === 'exited' ? `exited ${value}` : `signaled ${signalName(Number(value))}`;
      if (said !== true_) this.#find(line, `the report says ${said}; ${exit?.cause ?? ''}`);
      else if (
        how === 'killed' &&
        (exit?.coreDumped ?? (sendsNoSigchld ? core === '1' : null)) !== (core === '1')
      )
        this.#find(line, `the report says core ${String(exit?.coreDumped)}`);
      // A tracer that is not the parent is given the status too.
      if (call !== 'ptrace') last.set(life, line);
      if (exit !== null && exit.ts > line.ts + CLOCK_TOLERANCE)
        this.#find(line, `its exit is later: ${exit.ts}`);
      if (how === 'killed') this.#fatal(line, life, signalName(Number(value)));
      else if (this.#records.signalsTo(life).some(({ fatal }) => fatal))
        this.#find(line, 'a signal is fatal');
    }
    const isTraced = hasStep(this.#program, 'attach');
    for (const [life, line] of last) {
      if (isTraced) continue;
      const [call] = line.words;
      if (life.reap?.by !== line.tid || life.reap.call !== call || life.state !== 'reaped')
        this.#find(line, `${life.state}, reaped by ${String(life.reap?.by)} with ${String(life.reap?.call)}`);
    }
    for (const [life, line] of this.#lives) {
      if (last.has(life) || isTraced || hasNamespace(this.#program) || life.state !== 'reaped') continue;
      const { reap } = life;
      const reaped = reap?.ts ?? 0;
      const next = this.#lines.find(({ tid, ts }) => tid === reap?.by && ts > reaped);
      const isKnown = this.#lines.some(({ tid }) => tid === reap?.by);
      // Its reaper may have been killed before it could say so, or a handler may have left the call's place.
      if (!isKnown || (next !== undefined && next.verb !== 'caught'))
        this.#find(line, `reaped by ${String(reap?.by)}`);
    }
  }

  #fatal(line: Line, life: ProcessRecord, signal: string): void {
    const fatal = this.#records.signalsTo(life).filter((record) => record.fatal);
    if (fatal.length === 1 && fatal[0]!.signal === signal) return;
    this.#find(
      line,
      `fatal: ${fatal.map((record) => record.signal).join() || 'none'}; ${life.exit?.cause ?? ''}`,
    );
  }

  /**
   * The answer to each `sending` of a thread that lived to write one. A handler may run before its signal's call returns,
   * and send in turn.
   */
  #answers(): Map<Line, Line> {
    const answers = new Map<Line, Line>();
    const open = new Map<number, Line[]>();
    for (const line of this.#lines) {
      const unanswered = open.get(line.tid) ?? [];
      open.set(line.tid, unanswered);
      if (line.verb === 'sending') unanswered.push(line);
      else if (line.verb === 'sent') {
        const sending = unanswered.pop();
        if (sending !== undefined) answers.set(sending, line);
      }
    }
    return answers;
  }

  #sends(): void {
    const windows: { line: Line; until: number; number: number }[] = [];
    const answers = this.#answers();
    for (const line of this.#lines) {
      if (line.verb !== 'sending') continue;
      const sent = answers.get(line);
      const until = sent?.ts ?? Infinity;
      const [number, , whom, local] = line.words.map(Number) as [number, number, number, number];
      windows.push({ line, until, number });
      if (sent?.words[0] !== '0') continue;
      const records = this.#records.report.signals.filter(
        (record) =>
          record.number === number &&
          record.origin !== 'child' &&
          record.sender?.pid === line.tid &&
          isWithin(record.ts, line.ts, until),
      );
      if (whom === 2 || whom === 6) continue;
      const target = this.#global.get(local);
      if (target === undefined) continue;
      const inside = [...answers].filter(
        ([other, { ts }]) => other.tid === line.tid && isWithin(other.ts, line.ts, until) && ts <= until,
      );
      const isAlone = inside.every(([{ words }]) => Number(words[0]) !== number || words === line.words);
      if (records.length < 1 || (isAlone && records.length > 1))
        this.#find(line, `${records.length} signals of this sender`);
      if (!isAlone) continue;
      for (const record of records) {
        const life = this.#records.at(target, line.ts);
        const isRight =
          record.target.pid === target || record.target.tgid === target || life?.tgid === record.target.tgid;
        if (!isRight)
          this.#find(line, `its target is ${record.target.tgid}/${record.target.pid}, not ${target}`);
        if (record.sender?.tgid !== line.pid)
          this.#find(line, `its sender's tgid is ${String(record.sender?.tgid)}`);
      }
    }
    const aborts = this.#lines.filter(({ verb }) => verb === 'aborting' || verb === 'forging');
    for (const life of this.#lives.keys()) {
      for (const record of this.#records.signalsTo(life)) {
        if (!BY_CALL.has(record.origin)) continue;
        const by = record.sender?.pid;
        const isTrue =
          windows.some(
            ({ line, until, number }) =>
              number === record.number && line.tid === by && isWithin(record.ts, line.ts, until),
          ) || aborts.some(({ tid }) => tid === by);
        if (!isTrue)
          this.finds.push(
            `${record.signal} to ${life.pid} at ${record.ts.toFixed(9)}: nobody said that ${String(by)} sent it (${record.origin})`,
          );
      }
    }
  }

  #arrivals(): void {
    const caught = groupBy(
      this.#lines.filter(({ verb }) => verb === 'caught'),
      ({ tid, words }) => `${tid} ${words[0]!}`,
    );
    const handled = groupBy(
      [...this.#lives.keys()]
        .flatMap((life) => this.#records.signalsTo(life))
        .filter(({ delivered }) => delivered !== null && /^0x/.test(delivered.handler)),
      ({ delivered, number }) => `${delivered!.tid} ${number}`,
    );
    for (const [key, lines] of caught) {
      const records = (handled.get(key) ?? []).sort((one, other) => one.delivered!.ts - other.delivered!.ts);
      if (records.length < lines.length)
        this.#find(lines[0]!, `caught ${lines.length} times, reported ${records.length} times`);
      // Of several, the kernel runs the handlers in the order in which it delivers, unless one interrupts another.
      if (records.length !== lines.length || lines.length !== 1) continue;
      this.#sender(lines[0]!, records[0]!);
    }
    for (const [key, records] of handled) {
      const lines = caught.get(key)?.length ?? 0;
      const [tid] = key.split(' ').map(Number);
      const life = records[0]!.target;
      // The last handler may not have come to its first line.
      const spare = this.#isCutShort(tid!) ? 1 : 0;
      if (records.length > lines + spare)
        this.finds.push(
          `${records[0]!.signal} to ${life.tgid}/${tid!}: reported as handled ${records.length} times, caught ${lines} times`,
        );
    }
    for (const [key, lines] of groupBy(
      this.#lines.filter(({ verb }) => verb === 'took'),
      ({ tid, words }) => `${tid} ${words[0]!}`,
    )) {
      const [tid, number] = key.split(' ').map(Number);
      const life = this.#records.at(lines[0]!.pid, lines[0]!.ts);
      const records = life === undefined ? [] : this.#records.signalsTo(life);
      const taken = records.filter(
        (record) =>
          record.number === number &&
          record.delivered?.tid === tid &&
          record.delivered?.handler === 'rt_sigtimedwait',
      );
      if (taken.length !== lines.length)
        this.#find(lines[0]!, `taken ${lines.length} times, reported ${taken.length} times`);
    }
  }

  /** Did its thread end without a word of its own? */
  #isCutShort(tid: number): boolean {
    const last = this.#lines.findLast((line) => line.tid === tid);
    return last === undefined || !['exiting', 'leaving'].includes(last.verb);
  }

  #sender(line: Line, record: SignalRecord): void {
    const [, code, local] = line.words.map(Number) as [number, number, number];
    // SI_USER, SI_QUEUE and SI_TKILL name their sender; SIGCHLD's codes name the child.
    const isNamed = code === 0 || code === -1 || code === -6;
    const pid = isNamed ? this.#global.get(local) : undefined;
    if (pid === undefined || record.sender === null) return;
    const tgid = record.sender.tgid ?? record.sender.pid;
    if (tgid !== pid) this.#find(line, `the report says that ${tgid} sent it, the kernel ${pid}`);
  }

  #execs(): void {
    for (const [pid, lines] of groupBy(
      this.#lines.filter(({ verb }) => verb === 'became'),
      ({ pid: key }) => key,
    )) {
      const life = this.#records.at(pid, lines[0]!.ts);
      const execs = life?.execs.filter(({ error }) => error === null).length ?? 0;
      if (execs < lines.length) this.#find(lines[0]!, `${lines.length} execs, reported ${execs}`);
    }
  }

  #threads(): void {
    for (const line of this.#lines) {
      if (line.verb !== 'thread') continue;
      const life = this.#records.at(line.pid, line.ts);
      const thread = life?.threads.find(({ tid }) => tid === line.tid);
      if (thread === undefined) this.#find(line, 'its process has no such thread');
      else if (thread.end === null) this.#find(line, 'the thread has no end');
    }
  }
}

function isWithin(ts: number, from: number, until: number): boolean {
  return ts >= from - CLOCK_TOLERANCE && ts <= until + CLOCK_TOLERANCE;
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** @param lines in order of time @returns one line for each difference; none where all agrees */
export function comparePlay(program: Program, lines: readonly Line[], records: Records): string[] {
  return new Comparison(program, lines, records).run();
}
