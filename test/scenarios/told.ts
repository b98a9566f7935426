/** What a report tells of a scenario, beside what the program itself said. */
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import type { ProcessRecord, Report, SignalRecord } from '../../src/model/report';
import { signalName } from '../../src/kernel/signals';
import type { Line, Recording } from './scenario';

/** File names need a probe, or a kernel that puts them into the event: that they are missing is not an error. */
const NAMES = /^(?:files were opened whose names|the name of a program it ran|relative file names)/;

export class Told {
  readonly report: Report;
  /** What the program said, in order. */
  readonly said: readonly Line[];
  /** Who acted from outside of the tree. */
  readonly outsider: number;

  constructor(recording: Recording) {
    this.outsider = recording.outsider ?? process.pid;
    this.report = recording.report;
    this.said = recording.lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
  }

  /** What the program needs to play its part and does not have. */
  get missing(): string | null {
    const line = this.said.find((fact) => 'missing' in fact);
    return line === undefined ? null : String(line['missing']);
  }

  /** Was it recorded on a kernel older than `major.minor`? */
  isKernelBefore(major: number, minor: number): boolean {
    const [, theirs, less] =
      /^(\d+)\.(\d+)/.exec(this.report.trace.kernel ?? '') ?? assert.fail('no kernel is noted');
    return Number(theirs) < major || (Number(theirs) === major && Number(less) < minor);
  }

  /** The facts of one kind: `{"born":...}`. */
  facts(kind: string): Line[] {
    return this.said.filter((line) => kind in line);
  }

  /** The one number of a fact that is stated once. */
  number(kind: string, key = kind): number {
    const facts = this.facts(kind);
    assert.equal(facts.length, 1, `${kind} is stated ${facts.length} times`);
    return Number(facts[0]![key]);
  }

  get workload(): ProcessRecord {
    const found = this.report.processes.filter((process) => process.role === 'workload');
    assert.equal(found.length, 1, 'one workload');
    return found[0]!;
  }

  get parent(): ProcessRecord {
    const found = this.report.processes.find((process) => process.role === 'parent');
    assert.ok(found, 'the traced parent');
    return found;
  }

  /** Those with this pid, in order of their births: a number may be used again. */
  livesOf(pid: number): ProcessRecord[] {
    return this.report.processes.filter((process) => process.pid === pid);
  }

  /** The only process with this pid. */
  life(pid: number): ProcessRecord {
    const found = this.livesOf(pid);
    assert.equal(found.length, 1, `${found.length} processes ${pid}`);
    return found[0]!;
  }

  /** The processes of the facts of one kind: the second fact of a pid is about the second process of that number. */
  *#eachOf(kind: string): Iterable<[Line, ProcessRecord]> {
    const met = new Map<number, number>();
    for (const fact of this.facts(kind)) {
      const pid = Number(fact[kind]);
      const nth = met.get(pid) ?? 0;
      met.set(pid, nth + 1);
      const life = this.livesOf(pid)[nth];
      assert.ok(life, `no process ${pid}, or not so many`);
      yield [fact, life];
    }
    for (const [pid, times] of met) assert.equal(this.livesOf(pid).length, times, `processes ${pid}`);
  }

  /** The process that this thread belongs to. */
  lifeOfThread(tid: number): ProcessRecord {
    const found = this.report.processes.find(
      (process) => process.pid === tid || process.threads.some((thread) => thread.tid === tid),
    );
    assert.ok(found, `no thread ${tid}`);
    return found;
  }

  childrenOf(life: ProcessRecord): ProcessRecord[] {
    return this.report.processes.filter((process) => process.parent === life.id);
  }

  signalsTo(life: ProcessRecord, signal: string): SignalRecord[] {
    return life.signals.map((at) => this.report.signals[at]!).filter((record) => record.signal === signal);
  }

  oneSignal(life: ProcessRecord, signal: string): SignalRecord {
    const found = this.signalsTo(life, signal);
    assert.equal(found.length, 1, `${signal} to ${life.pid}: ${JSON.stringify(found)}`);
    return found[0]!;
  }

  /** The signal that ended it: exactly one has that on it. */
  fatalOf(life: ProcessRecord): SignalRecord {
    const found = life.signals.map((at) => this.report.signals[at]!).filter((record) => record.fatal);
    assert.equal(found.length, 1, `fatal to ${life.pid}: ${JSON.stringify(found)}`);
    return found[0]!;
  }

  /** Children that the program said were born are children in the report, by the same thread and call. */
  birthsAreTrue(): void {
    for (const [{ by, call }, child] of this.#eachOf('born')) {
      const mother = this.lifeOfThread(Number(by));
      assert.equal(child.parent, mother.id, `parent of ${child.pid}`);
      assert.equal(child.fork?.by, by, `who forked ${child.pid}`);
      assert.equal(child.fork?.call, call, `how ${child.pid} was forked`);
    }
  }

  /** What the program's waits returned is how the report says that these processes ended and were reaped. */
  endsAreTrue(): void {
    for (const [{ by, call, code, signal, core }, life] of this.#eachOf('waited')) {
      const name = signal === null ? null : signalName(Number(signal));
      assert.ok(life.exit, `${life.pid} has no end: ${life.incomplete.join('; ')}`);
      // There SIGCHLD has the status of the first thread, which may have left before the others dumped core.
      const mayHideCore = this.isKernelBefore(6, 18) && name !== null && life.threads.length > 0;
      const coreDumped = life.exit.coreDumped ?? (mayHideCore ? core : null);
      assert.deepEqual(
        { kind: life.exit.kind, code: life.exit.code, signal: life.exit.signal, core: coreDumped },
        { kind: name === null ? 'exited' : 'signaled', code, signal: name, core },
        `how ${life.pid} ended: ${life.exit.cause}`,
      );
      assert.deepEqual(
        { state: life.state, by: life.reap?.by, call: life.reap?.call },
        { state: 'reaped', by, call },
        `who reaped ${life.pid}`,
      );
      const fatal = life.signals.map((at) => this.report.signals[at]!).filter((record) => record.fatal);
      // seccomp's strict mode ends a process by a signal that nobody sends.
      if (fatal.length === 0 && life.exit.cause.includes('seccomp')) continue;
      const expected = name === null ? [] : [name];
      assert.deepEqual(
        fatal.map((record) => record.signal),
        expected,
        `fatal to ${life.pid}`,
      );
    }
  }

  /** The threads that a program said it has are in its record, with their beginning and their end. */
  threadsAreTrue(): void {
    for (const { thread, of } of this.facts('thread')) {
      const life = this.life(Number(of));
      const listed = life.threads.find(({ tid }) => tid === thread);
      assert.ok(listed, `thread ${String(thread)} of ${life.pid}`);
      assert.ok(listed.start !== null && listed.end !== null && listed.start <= listed.end);
    }
  }

  /** What the program mapped is a library at that address, and has its name or none, never another. */
  mappingsAreTrue(): void {
    const facts = this.facts('mapped');
    assert.ok(facts.length > 0);
    for (const { mapped, base, path } of facts) {
      const { libraries } = this.life(Number(mapped));
      const library = libraries.findLast((each) => each.base <= Number(base) && Number(base) < each.end);
      assert.ok(library, `nothing at ${String(base)}: ${JSON.stringify(libraries)}`);
      if (library.path !== null) assert.equal(realpathSync(library.path), path);
    }
  }

  /** No process of the program is in doubt about anything but what the scenario admits. */
  nothingElseIsInDoubt(admitted: readonly RegExp[]): void {
    assert.equal(this.report.trace.lost, 0);
    assert.deepEqual(this.report.damage, []);
    for (const life of this.report.processes) {
      const doubts = life.incomplete.filter(
        (reason) => !NAMES.test(reason) && !admitted.some((pattern) => pattern.test(reason)),
      );
      assert.deepEqual(doubts, [], `of ${life.comm ?? ''} (${life.pid})`);
    }
  }
}
