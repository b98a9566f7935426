import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { formatStory } from '../../src/index';
import { EventList } from '../../src/event-list';
import type { ProcessRecord, Report, Stage } from '../../src/model/report';
import { TextReader } from '../../src/readers/text/text-reader';
import { REASONS } from '../../src/trace-error';
import { RunningFlow } from './running-flow';

const RECIPE = readFileSync(path.join(process.cwd(), 'test/fixtures/kernels/6.12/recipe.txt'), 'utf8');

const isReport = ({ ftrace }: NodeMessageInFlow): boolean => (ftrace as { kind: string }).kind === 'report';
const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;
const kindOf = ({ ftrace }: NodeMessageInFlow): string => (ftrace as { kind: string }).kind;

function recipeEvents(): EventList {
  const reader = new TextReader();
  // The last event is only complete at the end: a call trace could follow it.
  return new EventList([...reader.push(Buffer.from(RECIPE)), ...reader.end()]);
}

describe('lifecycle-parse', () => {
  let flow: RunningFlow;
  const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
    flow = await RunningFlow.start([
      { id: 'parse', type: 'lifecycle-parse', wires: [['stages'], ['report']], ...settings },
    ]);
  };
  const report = async (): Promise<Report> => (await flow.first('report', isReport)).payload as Report;
  afterEach(() => flow.stop());

  it('sends a stage for each thing that happened, in the order of the trace', async () => {
    await start();
    flow.send('parse', { payload: RECIPE, topic: 'recipe', colour: 'blue' });
    const end = await flow.first('stages', isComplete);
    const messages = flow.all('stages').filter((message) => message !== end);
    const stages = messages.map(({ payload }) => payload as Stage);
    assert.ok(stages.length > 5);
    for (const name of ['fork', 'exec', 'library', 'signal', 'exit', 'reap']) {
      assert.ok(
        stages.some(({ stage }) => stage === name),
        name,
      );
    }
    for (const [index, { ftrace, topic, parts, colour }] of messages.entries()) {
      const { stage, pid, process } = stages[index]!;
      assert.deepEqual(ftrace, { session: null, kind: 'stage', stage, pid, process });
      assert.deepEqual([topic, colour, parts?.index], ['recipe', 'blue', index]);
    }
    assert.deepEqual(end.ftrace, { session: null, kind: 'end', lost: 0 });
    assert.equal(end.parts?.count, messages.length + 1);
    const last = end.payload as Stage;
    assert.equal(last.stage, 'end');
    assert.match(
      last.text,
      /^.+; the trace ended after 1?\d\.\d{3} s: \d+ events, \d+ processes, \d+ signals, nothing lost$/,
    );
  });

  it('sends the record of each process when it ends, and the report at the end of the trace', async () => {
    await start();
    flow.send('parse', { payload: RECIPE, topic: 'recipe' });
    const message = await flow.first('report', isReport);
    const { text, ...sent } = message.payload as Report & { text: string };
    assert.equal(text, formatStory(sent));
    assert.equal(Object.keys(message.payload as object)[0], 'text');
    const { schema, processes, trace } = sent;
    assert.equal(schema, 'lifecycle/1');
    assert.equal(trace.source, 'text');
    assert.equal(message.complete, true);
    assert.deepEqual(message.ftrace, { session: null, kind: 'report', lost: 0 });
    const records = flow.all('report').filter((each) => kindOf(each) === 'process');
    assert.ok(records.length > 0);
    for (const each of records) {
      const record = each.payload as ProcessRecord;
      assert.deepEqual(each.ftrace, { session: null, kind: 'process', pid: record.pid, process: record.id });
      assert.ok(processes.some(({ id }) => id === record.id));
    }
    assert.equal(message.parts?.count, records.length + 1);
  });

  it('gives the same report for a string, a Buffer, lines, chunks, a batch, arrays, and single events', async () => {
    await start();
    flow.send('parse', { payload: RECIPE });
    const expected = { ...(await report()), text: null, trace: null };
    const events = recipeEvents().toArray();
    const lines = RECIPE.split('\n').slice(0, -1);
    const chunks = RECIPE.match(/[^]{1,777}/g)!;
    const forms: [string, unknown[]][] = [
      ['Buffer', [Buffer.from(RECIPE)]],
      ['lines', lines],
      ['chunks', chunks.map((chunk) => Buffer.from(chunk))],
      ['batch', [recipeEvents()]],
      ['batch that went through JSON', [JSON.parse(JSON.stringify(recipeEvents()))]],
      ['arrays', [events.slice(0, 10), events.slice(10)]],
      ['events', events],
    ];
    for (const [name, payloads] of forms) {
      payloads.forEach((payload, index) => {
        flow.send('parse', { payload, topic: name, parts: { id: name, index, count: payloads.length } });
      });
      const message = await flow.first('report', (each) => isReport(each) && each.topic === name);
      assert.deepEqual({ ...(message.payload as Report), text: null, trace: null }, expected, name);
    }
  });

  it('keeps traces apart that come at the same time', async () => {
    await start();
    const lines = RECIPE.split('\n').slice(0, -1);
    lines.forEach((payload, index) => {
      for (const id of ['a', 'b']) {
        flow.send('parse', { payload, topic: id, parts: { id, index, count: lines.length } });
      }
    });
    const a = await flow.first('report', (message) => isReport(message) && message.topic === 'a');
    const b = await flow.first('report', (message) => isReport(message) && message.topic === 'b');
    assert.deepEqual(a.payload, b.payload);
    assert.ok((a.payload as Report).processes.length > 0);
  });

  it('waits for more after a single event, until complete', async () => {
    await start();
    for (const event of recipeEvents()) flow.send('parse', { payload: event, topic: 'single' });
    await flow.first('stages', (message) => (message.payload as Stage).stage === 'reap');
    assert.ok(!flow.all('report').some(isReport));
    flow.send('parse', { topic: 'single', complete: true, ftrace: {} });
    assert.ok((await report()).processes.length > 0);
  });

  it('reads the losses that came beside events', async () => {
    await start();
    const ftrace = { losses: [{ cpu: 0, ts: null, count: 7 }] };
    flow.send('parse', { payload: recipeEvents().toArray(), ftrace });
    assert.equal((await report()).trace.lost, 7);
    assert.equal((await flow.status('parse', () => true)).fill, 'yellow');
  });

  it('sends only the stages that are chosen', async () => {
    await start({ stagesType: 'chosen', stages: 'exec,exit' });
    flow.send('parse', { payload: RECIPE });
    const end = await flow.first('stages', isComplete);
    const names = flow
      .all('stages')
      .filter((message) => message !== end)
      .map(({ payload }) => (payload as Stage).stage);
    assert.deepEqual([...new Set(names)].sort(), ['exec', 'exit']);
  });

  it('sends the stages of one message as an array', async () => {
    await start({ arrays: true });
    flow.send('parse', { payload: RECIPE });
    await flow.first('stages', isComplete);
    const arrays = flow.all('stages').slice(0, -1);
    assert.ok(arrays.length >= 1 && arrays.length <= 2);
    assert.ok(arrays.every(({ payload }) => Array.isArray(payload)));
    assert.equal(kindOf(arrays[0]!), 'stages');
  });

  it('counts what is no event, and goes on', async () => {
    await start();
    flow.send('parse', { payload: [{ no: 'event' }, 42, null, ...recipeEvents()] });
    const { trace, damage, processes } = await report();
    assert.equal(trace.unexplained, 3);
    assert.equal(damage.length, 3);
    assert.ok(processes.length > 0);
    assert.deepEqual(flow.all('caught'), []);
  });

  const half = { length: 0, at: () => undefined, [Symbol.iterator]: () => [].values(), lost: [], damage: [] };
  const refused: [what: string, message: object, detail: string][] = [
    [
      'half a batch',
      { payload: half },
      'msg.payload: an incomplete batch of events, without notes (an array)',
    ],
    [
      'half a batch in a list',
      { payload: [half] },
      'msg.payload[0]: an incomplete batch of events, without notes (an array)',
    ],
    [
      'losses that are no list',
      { payload: [], ftrace: { losses: 5 } },
      'msg.ftrace.losses: expected an array, found 5',
    ],
    [
      'a loss that is none',
      { payload: { events: [], lost: [null] } },
      'msg.payload.lost[0]: expected an object, found null',
    ],
    [
      'a loss of no CPU',
      { payload: { events: [], lost: [{ cpu: 'x' }] } },
      'msg.payload.lost[0].cpu: expected a finite number, found "x"',
    ],
    [
      'damage in words',
      { payload: [], ftrace: { damage: 'some' } },
      'msg.ftrace.damage: expected an array, found "some"',
    ],
    ['no payload', { topic: 'empty' }, 'the message has no payload'],
  ];
  for (const [what, message, detail] of refused) {
    it(`refuses ${what}, with its place`, async () => {
      await start();
      flow.send('parse', { ...message });
      const { error } = await flow.caught();
      assert.deepEqual(
        [error.code, error.message],
        ['MESSAGE_INVALID', `TraceError: ${REASONS.MESSAGE_INVALID}: ${detail}`],
      );
    });
  }

  it('ends a trace whose last message is refused', async () => {
    await start();
    const { length } = [...recipeEvents()];
    flow.send('parse', { payload: recipeEvents(), parts: { id: 'x', index: 0, count: 2 } });
    flow.send('parse', { payload: half, parts: { id: 'x', index: 1, count: 2 } });
    assert.equal((await report()).trace.events, length);
    assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
  });

  it('sends a message without a payload to Catch', async () => {
    await start();
    flow.send('parse', { topic: 'empty' });
    assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
  });

  it('ends the oldest of very many traces that never end by themselves, and loses none', async () => {
    await start();
    const [event] = recipeEvents();
    for (let id = 0; id < 40; id++)
      flow.send('parse', { payload: event, topic: `${id}`, parts: { id: `${id}`, index: 0 } });
    const first = await flow.first('report', isReport);
    assert.equal(first.topic, '0');
  });
});
