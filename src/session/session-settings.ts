/** What a session is armed with: `ftrace-configure`'s settings, and `ftrace-life record`'s. */
import { InvalidValue, oneOf, type InvalidCode } from '../trace-error';

export interface SessionSettings {
  /** Names the session for the nodes that read it; a new session under the same topic ends the old one. */
  readonly topic: string;
  /** A preset, or event names: `sched_process_exit`, `syscalls:sys_enter_openat`, `signal:*`. */
  readonly events: 'lifecycle' | 'all' | readonly string[];
  /** Learn the names of opened files by the best source that this kernel has. */
  readonly fileNames: boolean;
  /** A call trace after each signal event. */
  readonly callTraces: boolean;
  /** Also everything that the traced parent's children fork. */
  readonly followChildren: boolean;
  /** The second instance: signals sent to the tree from outside it, by any task or interrupt. */
  readonly outsideSignals: boolean;
  /**
   * The second instance also records forks, names, programs and exits of everybody, so that a sender that is gone at once
   * has a name and a chain of parents. They do not become part of the trace.
   */
  readonly senderHistory: boolean;
  /** Kibibytes of ring buffer for each CPU; the kernel rounds up. */
  readonly bufferKb: number;
  /** Pids of processes that run already, to follow instead of a command; empty for a session that runs one. */
  readonly attach: readonly number[];
  readonly clock: (typeof CLOCKS)[number];
}

export const DEFAULT_SETTINGS: SessionSettings = {
  topic: 'ftrace',
  events: 'lifecycle',
  fileNames: true,
  callTraces: true,
  followChildren: true,
  outsideSignals: true,
  senderHistory: true,
  bufferKb: 16_384,
  attach: [],
  clock: 'mono',
};

const CLOCKS = ['mono', 'boot', 'mono_raw', 'tai', 'global', 'local'] as const;
/** One page; and 1 GiB, which no machine has for each CPU. */
const MIN_BUFFER_KB = 4;
const MAX_BUFFER_KB = 1_048_576;
const EVENT_NAME = /^([\w-]+:)?[\w*?-]+$/;

function flag(given: unknown, fallback: boolean, place: string): boolean {
  if (given === undefined || given === null) return fallback;
  if (typeof given === 'boolean') return given;
  throw new InvalidValue(place, 'true or false', given);
}

const EVENTS = 'lifecycle, all, or a list of event names';

function readEvents(given: unknown): SessionSettings['events'] {
  if (given === undefined || given === null || given === '') return DEFAULT_SETTINGS.events;
  if (given === 'lifecycle' || given === 'all') return given;
  const list: unknown[] =
    typeof given === 'string' ? given.split(/[\s,]+/).filter(Boolean) : Array.isArray(given) ? given : [];
  if (list.length === 0) throw new InvalidValue('events', EVENTS, given);
  return list.map((name) => {
    if (typeof name === 'string' && EVENT_NAME.test(name)) return name;
    throw new InvalidValue('events', 'event names such as sched_process_exit or signal:*', name);
  });
}

/** The largest pid that a 64-bit kernel gives out (PID_MAX_LIMIT is not given out itself). */
const MAX_PID = 4 * 1024 * 1024 - 1;

/**
 * Pids from a flow, a message or a command line: one, or several in an array or separated by spaces or commas.
 * @param place what they are called there
 * @throws InvalidValue with the code given
 */
export function readPids(given: unknown, place: string, code: InvalidCode = 'CONFIG_INVALID'): number[] {
  if (given === undefined || given === null) return [];
  const list: unknown[] = Array.isArray(given)
    ? given
    : typeof given === 'string'
      ? given.split(/[\s,]+/).filter(Boolean)
      : [given];
  return list.map((one) => {
    const pid = typeof one === 'string' && /^\d+$/.test(one) ? Number(one) : one;
    if (typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && pid <= MAX_PID) return pid;
    throw new InvalidValue(place, `a pid from 1 to ${MAX_PID}`, one, { code });
  });
}

/**
 * Narrows settings from a flow, a message or a command line, each value once; what is absent is the default.
 * @throws InvalidValue CONFIG_INVALID with the name of the setting
 */
export function readSessionSettings(given: Readonly<Record<string, unknown>>): SessionSettings {
  const topic = given['topic'] ?? DEFAULT_SETTINGS.topic;
  if (typeof topic !== 'string' || topic === '') throw new InvalidValue('topic', 'a name', topic);
  const bufferKb = Number(given['bufferKb'] ?? DEFAULT_SETTINGS.bufferKb);
  if (!Number.isInteger(bufferKb) || bufferKb < MIN_BUFFER_KB || bufferKb > MAX_BUFFER_KB) {
    const expected = `${MIN_BUFFER_KB} to ${MAX_BUFFER_KB} KiB for each CPU`;
    throw new InvalidValue('bufferKb', expected, given['bufferKb']);
  }
  return {
    topic,
    events: readEvents(given['events']),
    fileNames: flag(given['fileNames'], DEFAULT_SETTINGS.fileNames, 'fileNames'),
    callTraces: flag(given['callTraces'], DEFAULT_SETTINGS.callTraces, 'callTraces'),
    followChildren: flag(given['followChildren'], DEFAULT_SETTINGS.followChildren, 'followChildren'),
    outsideSignals: flag(given['outsideSignals'], DEFAULT_SETTINGS.outsideSignals, 'outsideSignals'),
    senderHistory: flag(given['senderHistory'], DEFAULT_SETTINGS.senderHistory, 'senderHistory'),
    bufferKb,
    attach: readPids(given['attach'], 'attach'),
    clock: oneOf('clock', given['clock'] ?? DEFAULT_SETTINGS.clock, CLOCKS),
  };
}
