/** What the core mqtt nodes do without a broker: it is why the example of a host has an outbox. */
import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { Inbox } from '../harness/deadline';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { Mosquitto } from './mosquitto';

const z = 'tab';

function flow(port: number): FlowNode[] {
  // Without a place, a node is taken for a config node.
  const placed = { x: 100, y: 100, z };
  const debug = { ...placed, type: 'debug', active: true, tosidebar: true, complete: 'true', wires: [] };
  return [
    { id: z, type: 'tab', label: 'core mqtt' },
    { id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(port), cleansession: true },
    {
      ...{ id: 'press', ...placed, type: 'inject', props: [{ p: 'payload', v: '', vt: 'date' }] },
      wires: [['out']],
    },
    {
      ...placed,
      id: 'out',
      type: 'mqtt out',
      topic: 'news',
      qos: '1',
      retain: '',
      broker: 'broker',
      wires: [],
    },
    { ...placed, id: 'complete', type: 'complete', scope: ['out'], wires: [['completed']] },
    { ...placed, id: 'catch', type: 'catch', scope: null, wires: [['caught']] },
    { ...debug, id: 'completed' },
    { ...debug, id: 'caught' },
  ];
}

describe('core mqtt out', function () {
  this.timeout(120_000);
  let broker: Mosquitto | undefined;
  let nodeRed: NodeRedProcess | undefined;
  before(async function () {
    await needs(this, { mosquitto: true });
    broker = await Mosquitto.start();
    nodeRed = await NodeRedProcess.start({ settings: { mqttReconnectTime: 500 } });
    await nodeRed.deploy(flow(broker.port));
    await nodeRed.nextStatus('out', ({ fill }) => fill === 'green');
  });
  after(async () => {
    await nodeRed?.stop();
    await broker?.end();
  });

  it('gives up what it gets while the broker is away, and neither Complete nor Catch tells of it', async () => {
    nodeRed!.forget();
    await broker!.end();
    await nodeRed!.nextStatus('out', ({ fill }) => fill !== 'green');
    await nodeRed!.inject('press');
    nodeRed!.forget();
    await broker!.again();
    const heard = new Inbox<string>();
    const listener = await connectAsync(`mqtt://127.0.0.1:${broker!.port}`, { reconnectPeriod: 0 });
    listener.on('message', (_topic, payload) => {
      heard.push(payload.toString());
    });
    await listener.subscribeAsync('news', { qos: 1 });
    await nodeRed!.nextStatus('out', ({ fill }) => fill === 'green');
    await nodeRed!.inject('press');
    const { value } = await nodeRed!.nextDebug(({ id }) => id === 'completed');
    await heard.first(() => true, 10_000, 'the message');
    assert.deepEqual(heard.received, [(value as { payload: string }).payload]);
    assert.equal(nodeRed!.debugMessages.length, 1);
    await listener.endAsync();
  });
});
