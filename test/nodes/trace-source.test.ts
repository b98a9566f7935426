import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { TextReader } from '../../src/readers/text/text-reader';
import type { EventBatch, Loss, TraceEvent } from '../../src/trace-event';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { RunningFlow, type FlowNode } from './running-flow';

const FIXTURES = path.join(process.cwd(), 'test/fixtures/kernels/6.12');
const RECIPE = path.join(FIXTURES, 'recipe.txt');
const LOST = path.join(FIXTURES, 'lost_raw.txt');

const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;
const metadata = ({ ftrace }: NodeMessageInFlow): Record<string, unknown> =>
  ftrace as Record<string, unknown>;

function eventsIn(text: string | Buffer): { events: TraceEvent[]; lost: Loss[] } {
  const reader = new TextReader();
  const batches = [reader.push(Buffer.from(text)), reader.end()];
  return { events: batches.flatMap((batch) => batch.toArray()), lost: batches.flatMap(({ lost }) => lost) };
}

/** Of what would else go on for minutes; a busy machine takes a second for it. */
const SOON_MS = 10_000;

describe('trace-source', () => {
  let flow: RunningFlow;
  const start = async (settings: Record<string, unknown>): Promise<void> => {
    flow = await RunningFlow.start([{ id: 'source', type: 'trace-source', wires: [['out']], ...settings }]);
  };
  afterEach(() => flow.stop());

  describe('with a saved trace', () => {
    const file = { source: 'file', path: RECIPE, pathType: 'str' };
    const { events } = eventsIn(readFileSync(RECIPE));

    it('sends batches, and ends the stream', async () => {
      await start(file);
      flow.send('source', { topic: 'recipe', colour: 'blue', payload: 'start' });
      const end = await flow.first('out', isComplete);
      const messages = flow.all('out').slice(0, -1);
      const sent = messages.flatMap(({ payload }) => (payload as EventBatch).toArray());
      assert.deepEqual(sent, events);
      for (const [index, message] of messages.entries()) {
        const { kind, form, replay, session, lost, source } = metadata(message);
        assert.equal(source, 'text');
        assert.deepEqual([kind, form, replay, session, lost], ['events', 'batch', RECIPE, null, 0]);
        assert.deepEqual([message.topic, message.colour, message.parts?.index], ['recipe', 'blue', index]);
      }
      assert.equal((end.payload as EventBatch).length, 0);
      assert.equal(metadata(end).events, events.length);
      assert.equal(end.parts?.count, messages.length + 1);
    });

    it('sends arrays of plain events', async () => {
      await start({ ...file, form: 'array' });
      flow.send('source');
      await flow.first('out', isComplete);
      assert.deepEqual(
        flow
          .all('out')
          .slice(0, -1)
          .flatMap(({ payload }) => payload),
        events,
      );
    });

    it('sends one message for each event', async () => {
      await start({ ...file, form: 'event' });
      flow.send('source');
      await flow.first('out', isComplete);
      assert.deepEqual(
        flow
          .all('out')
          .slice(0, -1)
          .map(({ payload }) => payload),
        events,
      );
    });

    it('sends text lines that give the same events when they are read again', async () => {
      await start({ ...file, form: 'text' });
      flow.send('source');
      await flow.first('out', isComplete);
      const text = flow
        .all('out')
        .slice(0, -1)
        .map(({ payload }) => payload as string);
      assert.ok(text.every((lines) => lines.endsWith('\n')));
      assert.match(text[0]!, /^# tracer: nop/);
      assert.deepEqual(eventsIn(text.join('')).events, events);
    });

    it('says how many events were lost, in the message, in the status, and in the text', async () => {
      const { lost } = eventsIn(readFileSync(LOST));
      assert.ok(lost.length > 0);
      const total = lost.reduce((sum, { count }) => sum + count!, 0);
      await start({ source: 'file', path: LOST, pathType: 'str', form: 'text' });
      flow.send('source');
      const end = await flow.first('out', isComplete);
      assert.equal(metadata(end).lost, total);
      assert.equal((await flow.status('source', () => true)).fill, 'yellow');
      const text = flow
        .all('out')
        .map(({ payload }) => (payload as string | undefined) ?? '')
        .join('');
      assert.deepEqual(eventsIn(text).lost, lost);
    });

    for (const form of ['array', 'event']) {
      it(`puts losses beside the ${form} form, each once`, async () => {
        await start({ source: 'file', path: LOST, pathType: 'str', form });
        flow.send('source');
        await flow.first('out', isComplete);
        const losses = flow
          .all('out')
          .flatMap((message) => (metadata(message).losses as Loss[] | undefined) ?? []);
        assert.deepEqual(losses, eventsIn(readFileSync(LOST)).lost);
      });
    }

    it('takes msg.filename before its own file, and a path from the message', async () => {
      await start({ source: 'file', path: 'where', pathType: 'msg' });
      flow.send('source', { where: RECIPE });
      assert.equal(metadata(await flow.first('out', isComplete)).replay, RECIPE);
      flow.send('source', { where: RECIPE, filename: LOST });
      await flow.first('out', (message) => isComplete(message) && metadata(message).replay === LOST);
    });

    it('replays as fast as it is set to', async () => {
      const span = events.at(-1)!.ts - events[0]!.ts;
      await start({ ...file, speed: 'factor', factor: String(span / 0.4) });
      const began = performance.now();
      flow.send('source');
      await flow.first('out', isComplete);
      const took = performance.now() - began;
      assert.ok(took > 350 && took < 20_000, `${took} ms`);
      const sent = flow
        .all('out')
        .slice(0, -1)
        .flatMap(({ payload }) => (payload as EventBatch).toArray());
      assert.deepEqual(sent, events);
    });

    it('stops a replay by msg.action, and ends its stream', async () => {
      await start({ ...file, speed: 'factor', factor: '0.01' });
      flow.send('source');
      await flow.first('out');
      flow.send('source', { action: 'stop' });
      await flow.first('out', isComplete);
      const sent = flow
        .all('out')
        .slice(0, -1)
        .flatMap(({ payload }) => (payload as EventBatch).toArray());
      assert.ok(sent.length < events.length);
    });

    it('stops a replay when it is deployed again, and sends nothing more', async () => {
      await start({ ...file, speed: 'factor', factor: '0.01' });
      flow.send('source');
      await flow.first('out');
      const began = performance.now();
      await flow.stop();
      assert.ok(performance.now() - began < SOON_MS);
      const sent = flow.all('out').length;
      await start(file);
      assert.ok(!flow.all('out').some(isComplete));
      assert.ok(sent > 0);
    });

    it('sends a file that is not there to Catch', async () => {
      await start({ ...file, path: '/no/such/trace' });
      flow.send('source');
      assert.equal((await flow.caught()).error.code, 'TRACE_MISSING');
      assert.equal((await flow.status('source', () => true)).fill, 'red');
    });

    it('sends a file that is no trace to Catch', async () => {
      const folder = temporaryFolder('trace-source');
      const noTrace = path.join(folder, 'no-trace.bin');
      writeFileSync(noTrace, Buffer.from([0, 1, 2, 3, 0, 255, 254]));
      await start({ ...file, path: noTrace });
      flow.send('source');
      assert.equal((await flow.caught()).error.code, 'TRACE_FORMAT');
    });

    it('replays the recorded trace that a message names in place of a session', async () => {
      await start({ source: 'session' });
      flow.send('source', { topic: 'mine', ftrace: { session: null, replay: RECIPE, why: 'no permission' } });
      const end = await flow.first('out', isComplete);
      assert.equal(metadata(end).events, events.length);
      assert.equal(end.topic, 'mine');
    });

    it('sends a message that names no session to Catch', async () => {
      await start({ source: 'session' });
      flow.send('source', { topic: 'nobody' });
      assert.equal((await flow.caught()).error.code, 'SESSION_UNKNOWN');
    });

    it('says what is wrong with its settings to each message', async () => {
      await start({ ...file, form: 'xml' });
      flow.send('source');
      assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
    });
  });

  describe('with a session', () => {
    before(async function () {
      await needs(this, { tracefs: true });
    });

    const nodes = (form: string, workload: Record<string, unknown>): FlowNode[] => [
      { id: 'configure', type: 'ftrace-configure', topic: 'source-test', wires: [['run']] },
      {
        id: 'run',
        type: 'run-workload',
        commandType: 'str',
        wires: [['source', 'state'], [], []],
        ...workload,
      },
      { id: 'source', type: 'trace-source', source: 'session', form, wires: [['out']] },
    ];

    it('sends the events of the run, from the fork to the wait, in one stream', async () => {
      flow = await RunningFlow.start(
        nodes('array', { command: 'sleep', args: ['60'], killSignal: 'SIGKILL', killAfter: '0.2' }),
      );
      flow.send('configure', { colour: 'blue' });
      const end = await flow.first('out', isComplete);
      const events = flow
        .all('out')
        .slice(0, -1)
        .flatMap(({ payload }) => payload as TraceEvent[]);
      const { pid } = (await flow.first('state')).payload as { pid: number };
      const names = new Set(events.filter((event) => event.pid === pid).map(({ name }) => name));
      for (const name of ['sys_enter_execve', 'signal_deliver', 'sched_process_exit'])
        assert.ok(names.has(name), name);
      assert.ok(
        events.some(
          ({ name, fields }) => name === 'signal_generate' && fields.pid === pid && fields.sig === 9,
        ),
      );
      assert.equal(metadata(end).events, events.length);
      assert.equal(metadata(end).lost, 0);
      assert.equal(metadata(end).source, 'raw');
      assert.equal(typeof metadata(end).session, 'string');
      assert.deepEqual([end.topic, end.colour], ['source-test', 'blue']);
      await flow.first('state', ({ payload }) => (payload as { state: string }).state === 'exited');
      assert.equal(flow.all('out').filter(isComplete).length, 1);
      assert.deepEqual(flow.all('caught'), []);
    });

    it('saves a trace as text that tells the same events', async () => {
      flow = await RunningFlow.start(nodes('text', { command: 'true' }));
      flow.send('configure');
      const end = await flow.first('out', isComplete);
      const text = flow
        .all('out')
        .map(({ payload }) => (payload as string | undefined) ?? '')
        .join('');
      assert.equal(eventsIn(text).events.length, metadata(end).events);
    });

    it('stops cleanly when only it is deployed again in the middle', async () => {
      flow = await RunningFlow.start(
        nodes('batch', { command: 'sleep', args: ['60'], killSignal: 'SIGKILL', killAfter: '50' }),
      );
      flow.send('configure');
      await flow.first('out');
      const began = performance.now();
      await flow.node('source').close(false);
      assert.ok(performance.now() - began < SOON_MS);
    });
  });
});
