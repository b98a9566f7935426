import assert from 'node:assert/strict';
import { IncomingEvents } from '../../src/readers/incoming-events';
import { parseMaps } from '../../src/readers/maps';
import { TextReader } from '../../src/readers/text/text-reader';
import { fixture, kernelTraces, readText } from '../readers/read-text';
import { checkBatch, piecesOf, type FuzzTarget } from './fuzz-target';
import type { Random } from './random';

const PIECE_BYTES = 2048;

/** A few lines from here and there of each trace, so that a case is short. */
function pieces(): Buffer[] {
  return ['walkthrough.txt', ...kernelTraces()].flatMap((name) => {
    const text = fixture(name);
    const starts = [0, 1 / 3, 2 / 3].map((part) => text.indexOf(10, Math.floor(text.length * part)) + 1);
    return starts.map((start) => text.subarray(start, start + PIECE_BYTES));
  });
}

function readTexts(input: Buffer, random: Random): void {
  const reader = new TextReader();
  let events = 0;
  let damaged = 0;
  for (const piece of piecesOf(input, random)) {
    const batch = reader.push(piece);
    checkBatch(batch, input.length);
    events += batch.length;
    damaged += batch.damage.length;
  }
  const rest = reader.end();
  checkBatch(rest, input.length);
  const whole = readText(input);
  assert.deepEqual([events + rest.length, damaged + rest.damage.length], [whole.length, whole.damage.length]);
}

export const TEXTS: FuzzTarget = { name: 'text', good: pieces, read: readTexts };

export const MESSAGES: FuzzTarget = {
  name: 'messages',
  good: () => [
    ...pieces().slice(0, 6),
    ...pieces()
      .slice(0, 3)
      .map((text) => Buffer.from(JSON.stringify(readText(text)))),
  ],
  read: (input) => {
    const incoming = new IncomingEvents();
    const text = input.toString('utf8');
    let payload: unknown;
    try {
      payload = JSON.parse(text);
    } catch {
      payload = text.split('\n');
    }
    incoming.push(payload);
    incoming.push(text);
    incoming.end();
  },
};

export const MAPS: FuzzTarget = {
  name: 'maps',
  good: () => [fixture('walkthrough.maps')],
  read: (input) => {
    for (const { start, end, offset } of parseMaps(input.toString('utf8')))
      assert.ok([start, end, offset].every(Number.isFinite));
  },
};
