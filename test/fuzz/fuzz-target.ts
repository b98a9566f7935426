/** One thing that reads what anybody may have written. */
import assert from 'node:assert/strict';
import type { EventBatch } from '../../src/trace-event';
import type { Random } from './random';

export interface FuzzTarget {
  readonly name: string;
  /** Good inputs to begin with. */
  readonly good: () => readonly Uint8Array[];
  /** Throws where something is not as promised. `random` for what is not in the bytes, such as where they are split. */
  readonly read: (input: Buffer, random: Random) => void | Promise<void>;
}

/** What every batch promises, whatever it was read from. */
export function checkBatch(batch: EventBatch, inputBytes: number): void {
  let events = 0;
  for (const event of batch) {
    events++;
    assert.ok(Number.isFinite(event.ts), `time ${event.ts}`);
    assert.ok(Number.isInteger(event.cpu) && event.cpu >= 0, `CPU ${event.cpu}`);
    assert.ok(Number.isInteger(event.pid), `pid ${event.pid}`);
    assert.equal(typeof event.name, 'string');
    assert.equal(typeof event.flags, 'string');
    assert.ok(event.comm === null || typeof event.comm === 'string');
    for (const name of Object.keys(event.fields).slice(0, 4)) {
      assert.deepEqual(event.field?.(name) ?? event.fields[name], event.fields[name]);
    }
    JSON.stringify(event);
  }
  assert.equal(events, batch.length);
  for (const { code, atByte } of batch.damage) {
    assert.match(code, /^[A-Z_]+$/);
    assert.ok(Number.isInteger(atByte) && atByte >= 0 && atByte <= inputBytes, `${code} at byte ${atByte}`);
  }
  for (const { count, ts } of batch.lost) {
    assert.ok(count === null || (Number.isFinite(count) && count >= 0), `${count} lost`);
    assert.ok(ts === null || Number.isFinite(ts), `lost at ${ts}`);
  }
}

/** The input in pieces, as a pipe or a file gives it. */
export function* piecesOf(input: Buffer, random: Random): Iterable<Buffer> {
  const pieceBytes = random.pick([Infinity, Infinity, 4096, 512, 7]);
  for (let at = 0; at < input.length; at += pieceBytes)
    yield input.subarray(at, Math.min(input.length, at + pieceBytes));
}
