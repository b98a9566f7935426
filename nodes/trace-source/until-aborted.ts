/**
 * The values of `source` until `signal` aborts, and then at once no more, also where `source` itself still waits for
 * its next value: a generator's `return()` only takes effect after that.
 */
export async function* untilAborted<Value>(
  source: AsyncIterable<Value>,
  signal: AbortSignal,
): AsyncGenerator<Value, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let stop = (): void => undefined;
  const onAbort = (): void => {
    stop();
  };
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      // Not a race with one promise for the abort: that would collect a reaction for each value of a long stream.
      const result = await new Promise<IteratorResult<Value, unknown>>((resolve, reject) => {
        stop = () => {
          resolve({ done: true, value: undefined });
        };
        if (signal.aborted) stop();
        else iterator.next().then(resolve, reject);
      });
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited, for the reason above; it releases the source as soon as it can.
    iterator.return?.().catch(() => undefined);
  }
}
