import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { IncomingEvents, type Report } from '../../src/index';
import { TextReader } from '../../src/readers/text/text-reader';
import type { Damage, TraceEvent } from '../../src/trace-event';
import { batchesOf } from '../../nodes/lifecycle-parse/payload-batches';
import { roomInBacklog } from '../../nodes/turns/series-backlog';
import { RunningFlow } from './running-flow';

const RECIPE = readFileSync(path.join(process.cwd(), 'test/fixtures/kernels/6.12/recipe.txt'), 'utf8');
const isReport = ({ ftrace }: NodeMessageInFlow): boolean => (ftrace as { kind: string }).kind === 'report';

/** The recipe again and again, each time later and with other pids: many processes, one after the other. */
function manyLives(times: number): TraceEvent[] {
  const reader = new TextReader();
  const events = [...reader.push(Buffer.from(RECIPE)).toArray(), ...reader.end().toArray()];
  const span = events.at(-1)!.ts - events[0]!.ts + 1;
  return Array.from({ length: times }, (_, time) =>
    events.map((event) => ({ ...event, ts: event.ts + time * span })),
  ).flat();
}

describe('lifecycle-parse with a large payload', () => {
  let flow: RunningFlow;
  const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
    flow = await RunningFlow.start([
      { id: 'parse', type: 'lifecycle-parse', wires: [['stages'], ['report']], ...settings },
      { id: 'complete', type: 'complete', scope: ['parse'], wires: [['done']] },
    ]);
  };
  const report = async (topic: string): Promise<Report> =>
    (await flow.first('report', (message) => isReport(message) && message.topic === topic)).payload as Report;
  afterEach(() => flow.stop());

  const events = manyLives(10);
  /** How many stages all of them give, as the first test counts. */
  let wholeStages = 0;

  it('gives the same stages and the same report as in small ones', async () => {
    await start();
    flow.send('parse', { payload: events, topic: 'whole' });
    for (let from = 0; from < events.length; from += 100) {
      const isEnd = from + 100 >= events.length;
      flow.send('parse', {
        payload: events.slice(from, from + 100),
        topic: 'parts',
        parts: { id: 'parts', index: from / 100, ...(isEnd && { count: from / 100 + 1 }) },
      });
    }
    assert.deepEqual(await report('whole'), await report('parts'));
    const stages = (topic: string): unknown[] =>
      flow
        .all('stages')
        .filter((message) => message.topic === topic)
        .map(({ payload }) => payload);
    assert.deepEqual(stages('whole'), stages('parts'));
    wholeStages = stages('whole').length;
    assert.ok(wholeStages > 0);
  });

  it('lets others have their turn meanwhile', async () => {
    await start({ arrays: true });
    let turns = 0;
    const turn = (): void => {
      turns++;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    flow.send('parse', { payload: Array.from({ length: 20 }, () => events).flat(), topic: 'large' });
    await report('large');
    clearImmediate(timer);
    assert.ok(turns > 10, `${turns} turns`);
  });

  it('is done with it only after its last slice, and works on messages of one trace in their order', async () => {
    await start();
    const half = Math.floor(events.length / 2);
    flow.send('parse', { payload: events.slice(0, half), parts: { id: 'a', index: 0 }, topic: 'a' });
    flow.send('parse', { payload: events.slice(half, half + 1), parts: { id: 'a', index: 1 }, topic: 'a' });
    flow.send('parse', {
      payload: events.slice(half + 1),
      parts: { id: 'a', index: 2, count: 3 },
      topic: 'a',
    });
    flow.send('parse', { payload: events, topic: 'b' });
    assert.deepEqual((await report('a')).processes, (await report('b')).processes);
    await flow.first('done', ({ parts }) => parts?.index === 2);
    const done = flow.all('done').filter(({ parts }) => parts !== undefined);
    assert.deepEqual(
      done.map(({ parts }) => parts?.index),
      [0, 1, 2],
    );
  });

  it('holds back the stream that it came with, until it is through', async () => {
    await start();
    const { signal } = new AbortController();
    const parts = { id: 'held', index: 0 };
    for (let index = 0; index < 3; index++) flow.send('parse', { payload: events, topic: 'held', parts });
    await flow.first('stages');
    let hasRoom = false;
    const room = roomInBacklog('held', signal).then(() => (hasRoom = true));
    await roomInBacklog('another', signal);
    assert.equal(hasRoom, false);
    await room;
  });

  it('sends nothing more when the node is closed in the middle', async () => {
    await start();
    flow.send('parse', { payload: events, topic: 'closed' });
    await flow.first('stages');
    await flow.node('parse').close(false);
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    // What was sent in the slice before arrives; how much that is depends on the machine's speed.
    await turns();
    const arrived = flow.all('stages').length;
    await turns();
    assert.equal(flow.all('stages').length, arrived, 'more than was on its way');
    assert.ok(arrived < wholeStages, `${arrived} of ${wholeStages} stages: it was not closed in the middle`);
    assert.ok(!flow.all('report').some(isReport));
    assert.deepEqual(flow.all('caught'), []);
  });
});

interface Found {
  readonly count: number;
  readonly events: TraceEvent[];
  /** The counts of each batch that has some. */
  readonly losses: (number | null)[][];
  readonly damage: Damage[];
}

describe('the batches of a large payload', () => {
  function batches(payload: unknown, ftrace: object = {}): Found {
    const incoming = new IncomingEvents();
    const found = [...batchesOf({ payload, ftrace }, incoming), incoming.end()];
    return {
      count: found.length,
      events: found.flatMap((batch) => batch.toArray()),
      losses: found.map(({ lost }) => lost.map(({ count }) => count)).filter(({ length }) => length > 0),
      damage: found.flatMap(({ damage }) => [...damage]),
    };
  }
  const events = manyLives(20);
  const text = Array.from({ length: 20 }, () => RECIPE).join('');

  it('have each event once, in order', () => {
    assert.deepEqual(batches(events).events, events);
    assert.ok(batches(events).count > 2);
    assert.deepEqual(batches([events.slice(0, 5), 'no event'].flat()).events, events.slice(0, 5));
    assert.deepEqual(batches(JSON.parse(JSON.stringify({ events }))).events, events);
  });

  it('have the same events from text as from its bytes, and from text among lines', () => {
    const fromBytes = batches(Buffer.from(text));
    assert.ok(fromBytes.count > 2);
    assert.deepEqual(batches(text).events, fromBytes.events);
    assert.deepEqual(batches([text]).events, fromBytes.events);
    assert.deepEqual(fromBytes.damage, []);
  });

  it('have a loss with the first event after its gap, or after all events, each once', () => {
    const losses = [
      { cpu: 0, ts: null, count: 1 },
      { cpu: 0, ts: events[0]!.ts, count: 2 },
      { cpu: 0, ts: events[2500]!.ts, count: 3 },
    ];
    assert.deepEqual(batches(events, { losses }).losses, [[2], [3], [1]]);
    assert.deepEqual(batches({ events, lost: losses }).losses, [[2], [3], [1]]);
  });

  it('cut text between characters', () => {
    const line = `sh-7 [000] ..... 1.000000: tracing_mark_write: ${'x'.repeat(20)}`;
    const filler = `${line}\n`.repeat(Math.floor(65000 / (line.length + 1)) - 1);
    const padding = 'y'.repeat(65535 - filler.length - line.length);
    const { events: found } = batches(`${filler}${line}${padding}😀\n`);
    assert.match(JSON.stringify(found.at(-1)?.fields), /y😀"/);
  });
});
