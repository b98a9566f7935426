/**
 * Tests wait for events, never for time: a timer here only says when to give up, and what was seen until then.
 */

/** Rejects `promise` after `timeoutMs`, with what was awaited and what `seen` tells about it. */
export async function withDeadline<T>(
  promise: Promise<T>,
  timeoutMs: number,
  awaited: string,
  seen: () => string = () => '',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${timeoutMs} ms for ${awaited}\n${seen()}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Everything that arrived, in order, and a way to wait for one of them. */
export class Inbox<T> {
  readonly #received: T[] = [];
  readonly #watchers = new Set<() => void>();
  #ended: Error | undefined;

  get received(): readonly T[] {
    return this.#received;
  }

  push(value: T): void {
    this.#received.push(value);
    for (const look of this.#watchers) look();
  }

  /** Nothing more will come: who still waits fails with this reason at once. */
  end(reason: Error): void {
    this.#ended = reason;
    for (const look of this.#watchers) look();
  }

  /** Forgets what arrived until now, so that `first` looks at what comes next only. */
  clear(): void {
    this.#received.length = 0;
  }

  /** The first one that matches, also among those that are here already. */
  async first(matches: (value: T) => boolean, timeoutMs: number, awaited: string): Promise<T> {
    return (await this.take(1, matches, timeoutMs, awaited))[0]!;
  }

  /** The first `count` that fit, as soon as there are so many. */
  async take(
    count: number,
    matches: (value: T) => boolean,
    timeoutMs: number,
    awaited: string,
  ): Promise<T[]> {
    let look = (): void => undefined;
    const enough = new Promise<T[]>((resolve, reject) => {
      look = () => {
        const found = this.#received.filter(matches);
        if (found.length >= count) resolve(found.slice(0, count));
        else if (this.#ended !== undefined) reject(new Error(`${this.#ended.message}, before ${awaited}`));
      };
    });
    this.#watchers.add(look);
    look();
    try {
      return await withDeadline(enough, timeoutMs, awaited, () => `received: ${this.#summary()}`);
    } finally {
      this.#watchers.delete(look);
    }
  }

  #summary(): string {
    const last = this.#received.slice(-10).map((value) => JSON.stringify(value).slice(0, 600));
    return `${this.#received.length}${last.length > 0 ? `, the last:\n  ${last.join('\n  ')}` : ''}`;
  }
}
