/** What is remembered of each process until its end is known: what asked it to end, what it handled, what ended it. */
import type { Exit, SignalRecord, SignalTarget } from '../../model/report';
import type { Due, DueQueue } from '../alerts/due-queue';
import { TIME_TO_END } from '../matching/fate';
import { signalKey } from './signal-facts';

/** How a process ended, as far as a verdict needs it. `Exit` of a report fulfils it. */
export type KnownEnd = Pick<Exit, 'ts' | 'time' | 'kind' | 'code' | 'signal' | 'coreDumped' | 'root'>;

/** A signal that asked the process to end, or reported that it hangs. */
export interface Request {
  readonly key: string;
  readonly deadline: number;
  signal: SignalRecord;
  target: SignalTarget;
  /** Its verdict waits; else a rule decided, or it was reported already. */
  isOpen: boolean;
  /** A rule awaits the exit, and says itself that it did not come. */
  isAwaited: boolean;
  due: Due | null;
  hasGap: boolean;
}

export interface Dying {
  readonly signal: SignalRecord;
  readonly target: SignalTarget;
}

export interface Life {
  requests: Request[];
  /** What it handled, and might have ended it; the last one last. */
  handled: SignalRecord[];
  dying: Dying[];
  due: Due | null;
  end: KnownEnd | null;
}

const MAX_LIVES = 10_000;
const MAX_REQUESTS = 16;
const MAX_HANDLED = 16;

const NOT_WAITING = { isOpen: false, isAwaited: false, due: null, hasGap: false };

export class Lives {
  /** Verdicts that were given up for want of room. */
  leftOut = 0;
  readonly #lives = new Map<string, Life>();
  readonly #agenda: DueQueue<() => void>;

  constructor(agenda: DueQueue<() => void>) {
    this.#agenda = agenda;
  }

  all(): Iterable<Life> {
    return this.#lives.values();
  }

  clear(): void {
    this.#lives.clear();
  }

  /** @param id the process's; one that is not known begins here */
  of(id: string): Life {
    const known = this.#lives.get(id);
    if (known !== undefined) return known;
    if (this.#lives.size >= MAX_LIVES) this.#forgetOldest();
    const life: Life = { requests: [], handled: [], dying: [], due: null, end: null };
    this.#lives.set(id, life);
    return life;
  }

  #forgetOldest(): void {
    const [oldest] = this.#lives;
    if (oldest === undefined) return;
    const [id, { requests, dying, due }] = oldest;
    this.leftOut += requests.filter(({ isOpen, isAwaited }) => isOpen && !isAwaited).length + dying.length;
    for (const request of requests) this.cancel(request);
    if (due !== null) this.#agenda.cancel(due);
    this.#lives.delete(id);
  }

  /** The same signal again, as more of it is known, takes the place of what was known. */
  keepRequest(signal: SignalRecord, target: SignalTarget): void {
    const { requests } = this.of(target.id);
    const key = signalKey(signal);
    const known = requests.find((request) => request.key === key);
    if (known !== undefined) {
      Object.assign(known, { signal: { ...signal }, target });
      return;
    }
    const deadline = signal.ts + TIME_TO_END;
    requests.push({ key, deadline, signal: { ...signal }, target, ...NOT_WAITING });
    if (requests.length <= MAX_REQUESTS) return;
    const [oldest] = requests.splice(0, 1);
    if (oldest?.isOpen === true) this.leftOut++;
    if (oldest !== undefined) this.cancel(oldest);
  }

  keepHandled(signal: SignalRecord, target: SignalTarget): void {
    const { handled } = this.of(target.id);
    handled.push({ ...signal });
    if (handled.length > MAX_HANDLED) handled.shift();
  }

  cancel(request: Request): void {
    if (request.due !== null) this.#agenda.cancel(request.due);
    request.due = null;
    request.isOpen = false;
  }

  /** Those whose verdict waits, which does from now on no longer. */
  takeOpen({ requests }: Life): Request[] {
    const open = requests.filter(({ isOpen }) => isOpen);
    for (const request of open) this.cancel(request);
    return open;
  }
}

/** What the model names as the first cause of this end, among the signals to the process itself. */
export function rootOf({ handled, requests }: Life, { root }: Pick<KnownEnd, 'root'>): SignalRecord | null {
  if (!root) return null;
  const known = [...handled, ...requests.map(({ signal }) => signal)];
  return known.findLast(({ signal, ts }) => signal === root.name && ts === root.ts) ?? null;
}
