import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { TextReader } from '../../src/readers/text/text-reader';
import type { EventBatch, TraceEvent } from '../../src/trace-event';
import { needs } from '../harness/requirements';
import { RunningFlow, type FlowNode } from './running-flow';

const RECIPE = path.join(process.cwd(), 'test/fixtures/kernels/6.12/recipe.txt');

const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;
const metadata = ({ ftrace }: NodeMessageInFlow): Record<string, unknown> =>
  ftrace as Record<string, unknown>;

/** Messages that are on their way have arrived after this. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('flow control of trace-source', () => {
  let flow: RunningFlow;
  const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
    flow = await RunningFlow.start([
      {
        id: 'source',
        type: 'trace-source',
        source: 'file',
        path: RECIPE,
        pathType: 'str',
        form: 'event',
        flowControl: true,
        wires: [['out']],
        ...settings,
      },
    ]);
  };
  const arrived = (count: number): Promise<NodeMessageInFlow> =>
    flow.first('out', () => flow.all('out').length >= count);
  afterEach(() => flow.stop());

  it('sends one message at the start, and then one for each tick', async () => {
    await start();
    flow.send('source');
    await arrived(1);
    assert.equal((await flow.status('source', ({ fill }) => fill === 'yellow')).shape, 'ring');
    for (let count = 1; count < 4; count++) {
      await someTurns();
      assert.equal(flow.all('out').length, count);
      flow.send('source', { tick: true });
      await arrived(count + 1);
    }
  });

  it('counts ticks that come early', async () => {
    await start();
    flow.send('source');
    for (let tick = 0; tick < 5; tick++) flow.send('source', { tick: 1 });
    await arrived(6);
    await someTurns();
    assert.equal(flow.all('out').length, 6);
  });

  it('does not count a message without a truthy tick as one, nor begins with it a stream that is open', async () => {
    await start();
    flow.send('source');
    await arrived(1);
    flow.send('source', { tick: true });
    await arrived(2);
    await someTurns();
    const ids = new Set(flow.all('out').map(({ parts }) => parts!.id));
    assert.equal(ids.size, 1);
    flow.send('source', { tick: false });
    await arrived(3);
    await someTurns();
    assert.equal(new Set(flow.all('out').map(({ parts }) => parts!.id)).size, 2);
  });

  it('gives a tick to the stream of its parts, or of its topic, or to all', async () => {
    await start();
    flow.send('source', { topic: 'a' });
    flow.send('source', { topic: 'b' });
    const a = await flow.first('out', ({ topic }) => topic === 'a');
    await flow.first('out', ({ topic }) => topic === 'b');
    const counts = async (): Promise<number[]> => {
      await someTurns();
      return ['a', 'b'].map((name) => flow.all('out').filter(({ topic }) => topic === name).length);
    };
    assert.deepEqual(await counts(), [1, 1]);
    flow.send('source', { tick: true, parts: a.parts, topic: 'b' });
    assert.deepEqual(await counts(), [2, 1]);
    flow.send('source', { tick: true, topic: 'b' });
    assert.deepEqual(await counts(), [2, 2]);
    flow.send('source', { tick: true });
    assert.deepEqual(await counts(), [3, 3]);
  });

  for (const form of ['batch', 'array', 'event', 'text']) {
    it(`sends the whole trace to a receiver that sends each message back, once: ${form}`, async () => {
      const reader = new TextReader();
      const bytes = readFileSync(RECIPE);
      const expected = [reader.push(bytes), reader.end()].flatMap((batch) => batch.toArray());
      flow = await RunningFlow.start([
        {
          id: 'source',
          type: 'trace-source',
          source: 'file',
          path: RECIPE,
          pathType: 'str',
          form,
          flowControl: true,
          wires: [['out']],
        },
      ]);
      flow.node('out').on('input', (message) => {
        flow.send('source', { ...message, tick: true });
      });
      flow.send('source');
      const end = await flow.first('out', isComplete);
      await someTurns();
      const messages = flow.all('out').filter((message) => message !== end);
      const again = new TextReader();
      const events = messages.flatMap(({ payload }): readonly TraceEvent[] => {
        if (form === 'batch') return (payload as EventBatch).toArray();
        if (form === 'array') return payload as TraceEvent[];
        if (form === 'event') return [payload as TraceEvent];
        return again.push(Buffer.from(payload as string)).toArray();
      });
      if (form === 'text') events.push(...again.end().toArray());
      assert.deepEqual(events, expected);
      assert.equal(flow.all('out').filter(isComplete).length, 1);
    });
  }

  it('ends at once when it is stopped while it waits', async () => {
    await start();
    flow.send('source');
    await arrived(1);
    flow.send('source', { action: 'stop' });
    const end = await flow.first('out', isComplete);
    assert.equal(metadata(end).events, 1);
    assert.equal(flow.all('out').length, 2);
  });

  it('ends at once, and sends nothing, when it is deployed again while it waits', async () => {
    await start();
    flow.send('source');
    await arrived(1);
    await flow.node('source').close(false);
    await someTurns();
    assert.equal(flow.all('out').length, 1);
  });

  it('does not wait where it is not set to', async () => {
    await start({ flowControl: false });
    flow.send('source');
    await flow.first('out', isComplete);
  });

  describe('of a live session', () => {
    before(async function () {
      await needs(this, { tracefs: true });
    });

    const nodes = (rounds: number): readonly FlowNode[] => [
      {
        id: 'configure',
        type: 'ftrace-configure',
        topic: 'tick-test',
        events: 'all',
        bufferKb: '64',
        wires: [['run']],
      },
      {
        id: 'run',
        type: 'run-workload',
        command: 'dd',
        commandType: 'str',
        args: ['if=/dev/zero', 'of=/dev/null', 'bs=1', `count=${rounds}`],
        wires: [['source', 'state'], [], []],
      },
      { id: 'source', type: 'trace-source', source: 'session', flowControl: true, wires: [['out']] },
    ];

    it('leaves what waits to the kernel, and tells what the kernel overwrote', async () => {
      flow = await RunningFlow.start(nodes(300_000));
      flow.send('configure');
      await flow.first('state', (message) => metadata(message).kind === 'exited');
      assert.equal(flow.all('out').length, 1);
      flow.node('out').on('input', (message) => {
        flow.send('source', { ...message, tick: true });
      });
      flow.send('source', { tick: true });
      const end = await flow.first('out', isComplete);
      const messages = flow.all('out').slice(0, -1);
      const counted = messages.reduce((sum, { payload }) => sum + (payload as EventBatch).length, 0);
      assert.equal(metadata(end).events, counted);
      // In a page that is full the kernel has no room for the number; its own statistics have it at the end.
      const lost = messages.flatMap(({ payload }) => [...(payload as EventBatch).lost]);
      const total = lost.reduce<number | null>(
        (sum, { count }) => (sum === null || count === null ? null : sum + count),
        0,
      );
      assert.notEqual(total, 0);
      assert.equal(metadata(end).lost, total);
      const notes = messages.flatMap(({ payload }) => [...(payload as EventBatch).notes]);
      const statistics = notes.find((note) => note.kind === 'end');
      // Each of dd's 300,000 rounds is a read and a write.
      assert.ok(counted + statistics!.overrun >= 1_200_000, `${counted} events, ${statistics!.overrun} lost`);
      assert.equal(
        (await flow.status('source', ({ shape, fill }) => shape === 'ring' && fill === 'yellow')).fill,
        'yellow',
      );
      assert.equal(flow.all('out').filter(isComplete).length, 1);
    });

    it('ends when the node is closed while the session waits for it', async () => {
      flow = await RunningFlow.start(nodes(10_000));
      flow.send('configure');
      await flow.first('out');
      await flow.first('state', (message) => metadata(message).kind === 'exited');
      await flow.node('source').close(false);
      assert.equal(flow.all('out').length, 1);
      assert.deepEqual(flow.all('caught'), []);
    });
  });
});
