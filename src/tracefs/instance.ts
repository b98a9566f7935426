/**
 * One tracefs instance: a ring buffer of our own with its own events, filters, clock and options. The root
 * instance is never written to.
 *
 * Order matters (Documentation/trace/ftrace.rst, and tried): off; clock and size, which clear the buffer; the
 * pid list before the first event; `free_buffer` held open, so that the kernel stops tracing when we die.
 */
import { close, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { errnoOf, TraceError } from '../trace-error';
import type { ControlFiles } from './control-files';
import type { EventChoice } from './presets';

/** Above every pid that a 64-bit kernel gives out (PID_MAX_LIMIT): an entry that matches nobody. */
const NOBODY = 4 * 1024 * 1024;
/** Where histograms of ours may be (name-probes.ts), who refers to another first. */
const REFERRING_TRIGGERS = ['syscalls/sys_exit_openat', 'syscalls/sys_enter_openat'];
const RMDIR_TRIES = 50;
const RMDIR_PAUSE_MS = 20;

/** `per_cpu/cpuN/stats`, summed over the CPUs. */
export interface BufferStatistics {
  /** Overwritten before they were read. */
  readonly overrun: number;
  /** Refused because the buffer was full or busy. */
  readonly dropped: number;
}

const closed = promisify(close);

export class Instance {
  readonly directory: string;
  #freeBuffer: number | null = null;
  #nobody = NOBODY;

  readonly tracefs: string;
  readonly name: string;
  readonly files: ControlFiles;

  constructor(tracefs: string, name: string, files: ControlFiles) {
    this.tracefs = tracefs;
    this.name = name;
    this.files = files;

    this.directory = path.join(tracefs, 'instances', name);
  }

  #file(name: string): string {
    return path.join(this.directory, name);
  }

  /** Makes the instance, off, with its clock, its size for each CPU, and the options that its readers rely on. */
  create(clock: string, bufferKb: number): void {
    this.files.mkdir(this.directory);
    this.files.write(this.#file('tracing_on'), '0');
    this.files.write(this.#file('trace_clock'), clock);
    this.files.write(this.#file('buffer_size_kb'), String(bufferKb));
    this.#option('disable_on_free', '1');
    if (!this.files.dryRun) this.#freeBuffer = openSync(this.#file('free_buffer'), 'w');
  }

  #option(name: string, value: '0' | '1'): void {
    const file = this.#file(`options/${name}`);
    if (this.files.dryRun || existsSync(file)) this.files.write(file, value);
  }

  /**
   * How much of a string, or of a buffer, a system call's event has: 63 bytes unless one says so, and never more than
   * the kernel's own limit (165 in 7.3; kernel/trace/trace_syscalls.c). Does nothing where events have none.
   */
  keepStrings(bytes: number): void {
    const file = this.#file('syscall_user_buf_size');
    if (existsSync(file)) this.files.write(file, String(bytes));
  }

  /** Filters by pid from now on; nobody passes until `follow` names somebody. Call before `enable`. */
  filterByPid(followChildren: boolean): void {
    try {
      this.files.append(this.#file('set_event_pid'), String(NOBODY));
    } catch (error) {
      if (!(error instanceof TraceError) || error.code !== 'TRACEFS_WRITE') throw error;
      // Up to 5.15 a pid must be below kernel.pid_max: the last one is the one that is taken least soon.
      this.#nobody = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) - 1;
      this.files.append(this.#file('set_event_pid'), String(this.#nobody));
    }
    this.#option('event-fork', followChildren ? '1' : '0');
  }

  /** Lets one thread, and with event-fork all that it forks, pass the filter. */
  follow(tid: number): void {
    this.files.append(this.#file('set_event_pid'), String(tid));
  }

  /** The threads that pass the filter and are not yet gone. */
  followed(): number[] {
    return this.#pidList()
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number)
      .filter((tid) => tid !== this.#nobody);
  }

  /** '' where the instance is gone, or on its way. */
  #pidList(): string {
    try {
      return readFileSync(this.#file('set_event_pid'), 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENODEV'].includes(errnoOf(error))) return '';
      throw error;
    }
  }

  /** @throws TraceError EVENT_UNKNOWN for one that this kernel does not have and that is not optional */
  enable(choice: EventChoice): void {
    const directory = this.#file(path.join('events', choice.event));
    const events = path.join(this.tracefs, 'events');
    const { dryRun } = this.files;
    if (!existsSync(dryRun ? path.join(events, choice.event) : directory)) {
      // A dry run without the right to look can only say what it would try.
      if (choice.optional === true && (!dryRun || existsSync(path.join(events, 'enable')))) return;
      if (!dryRun) throw new TraceError('EVENT_UNKNOWN', `${choice.event} is not under ${events}`);
    }
    if (choice.filter !== undefined) this.files.write(path.join(directory, 'filter'), choice.filter);
    if (choice.trigger !== undefined) {
      this.files.write(path.join(directory, 'trigger'), choice.trigger);
      return;
    }
    if (choice.stack === true) {
      // A trigger runs for events that the event's own filter drops, too (kernel/trace/trace_events_trigger.c).
      const only = choice.filter === undefined ? '' : ` if ${choice.filter}`;
      this.files.write(path.join(directory, 'trigger'), `stacktrace${only}`);
    }
    this.files.write(path.join(directory, 'enable'), '1');
  }

  turn(onOff: 'on' | 'off'): void {
    this.files.write(this.#file('tracing_on'), onOff === 'on' ? '1' : '0');
  }

  /** Events off, and the triggers gone that would keep the instance or a probe busy. */
  disableAll(): void {
    this.files.write(this.#file('events/enable'), '0');
    for (const event of REFERRING_TRIGGERS) {
      const trigger = this.#file(path.join('events', event, 'trigger'));
      if (existsSync(trigger) && readFileSync(trigger, 'utf8').includes('hist:')) this.files.clear(trigger);
    }
  }

  /** What is recorded, as text; reading it removes nothing. */
  text(): string {
    return readFileSync(this.#file('trace'), 'utf8');
  }

  cpus(): number[] {
    return readdirSync(this.#file('per_cpu'))
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => Number(name.slice(3)))
      .sort((a, b) => a - b);
  }

  rawPipe(cpu: number): string {
    return this.#file(`per_cpu/cpu${cpu}/trace_pipe_raw`);
  }

  /** All CPUs as text. A read waits until there is an event, and takes it out. */
  textPipe(): string {
    return this.#file('trace_pipe');
  }

  /** A file whose every write is an event of this instance. */
  markerFile(): string {
    return this.#file('trace_marker');
  }

  statistics(): BufferStatistics {
    const sum = { overrun: 0, dropped: 0 };
    for (const cpu of this.cpus()) {
      const text = readFileSync(this.#file(`per_cpu/cpu${cpu}/stats`), 'utf8');
      sum.overrun += Number(/^overrun: (\d+)/m.exec(text)?.[1] ?? 0);
      sum.dropped += Number(/^dropped events: (\d+)/m.exec(text)?.[1] ?? 0);
    }
    return sum;
  }

  /** Of the first CPU: it also says what time it is on the trace clock. */
  statisticsFile(): string {
    return this.#file(`per_cpu/cpu${this.cpus()[0] ?? 0}/stats`);
  }

  /** Takes the instance away. Idempotent; readers of its files must be closed. */
  async remove(): Promise<void> {
    const freeBuffer = this.#freeBuffer;
    this.#freeBuffer = null;
    // Freeing the buffer, and the instance, takes the kernel a tenth of a second: not on the event loop.
    if (freeBuffer !== null) await closed(freeBuffer);
    if (!existsSync(this.directory)) return;
    this.turn('off');
    this.disableAll();
    this.files.commands.push(`rmdir ${this.directory}`);
    await removeInstance(this.directory);
  }
}

/** rmdir gives EBUSY for a moment after the last file of it was closed. */
export async function removeInstance(directory: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return;
      if (errno !== 'EBUSY' || attempt === RMDIR_TRIES) {
        throw new TraceError('TRACEFS_WRITE', `rmdir ${directory}: ${errno}; a file of it is open`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, RMDIR_PAUSE_MS));
    }
  }
}
