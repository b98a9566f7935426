import assert from 'node:assert/strict';
import { Mosquitto } from '../fleet/mosquitto';
import type { DebugMessage } from '../harness/comms-socket';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { anAlert, example, fedInto, FEED, withSettings } from './example-flows';

interface Arrived {
  readonly topic: string;
  readonly qos: number;
  readonly payload: { readonly id: string; readonly host: string; readonly text: string };
}

describe('the example "Alerts by MQTT"', function () {
  this.timeout(90_000);
  let nodeRed: NodeRedProcess;
  let broker: Mosquitto;
  before(async function () {
    await needs(this, { mosquitto: true });
    nodeRed = await NodeRedProcess.start({ settings: { mqttReconnectTime: 300 } });
  });
  // Absent where the hook above skipped.
  after(() => (nodeRed as NodeRedProcess | undefined)?.stop());
  beforeEach(async () => {
    broker = await Mosquitto.start();
  });
  afterEach(async () => {
    // With its tab, a flow's context goes too.
    await nodeRed.deploy([]);
    await broker.end();
  });

  const flow = (): FlowNode[] =>
    withSettings(example('alerts/3 Alerts by MQTT.json'), 'mqtt-own-broker', { port: String(broker.port) });
  const isArrived = ({ id }: DebugMessage): boolean => id === 'mqtt-arrived';
  const connected = (): Promise<unknown> =>
    nodeRed.nextStatus(
      'mqtt-mqttOut',
      ({ text }) => /connected$/.test(text ?? '') && !/disconnected/.test(text!),
    );
  const waiting = (count: number): Promise<unknown> =>
    nodeRed.nextStatus('mqtt-hold', ({ text }) => text === `waiting: ${count}`);
  const numbered = (count: number): Record<string, unknown>[] =>
    Array.from({ length: count }, (_, n) => anAlert({ id: `alert ${n}` }));

  it('sends the alert of its button with quality of service 1, under its host and severity', async () => {
    await nodeRed.deploy(flow());
    await connected();
    await nodeRed.inject('mqtt-inject');
    const { topic, qos, payload } = (await nodeRed.nextDebug(isArrived)).value as Arrived;
    assert.match(topic, new RegExp(`^alerts/${payload.host}/(info|notice|warning|error|critical)$`));
    assert.equal(qos, 1);
    assert.match(payload.text, /^sleep \(\d+\) was killed \(SIGKILL\)/);
    await waiting(0);
  });

  it('keeps what comes while the broker is away, also over a deploy, and sends it when it is back', async () => {
    const fed = fedInto(flow(), 'mqtt-topic', numbered(5));
    await nodeRed.deploy(fed);
    await connected();
    await broker.end();
    await nodeRed.nextStatus('mqtt-mqttOut', ({ text }) => /disconnected/.test(text ?? ''));
    nodeRed.forget();
    await nodeRed.inject(FEED);
    await waiting(5);
    await nodeRed.deploy(fed);
    await broker.again();
    await nodeRed.takeDebug(5, isArrived);
    await waiting(0);
    const ids = new Set(
      nodeRed.debugMessages.filter(isArrived).map(({ value }) => (value as Arrived).payload.id),
    );
    assert.deepEqual(
      [...ids].sort(),
      numbered(5).map(({ id }) => id),
    );
  });

  it('keeps a thousand, and says which gave way', async () => {
    await broker.end();
    await nodeRed.deploy(fedInto(flow(), 'mqtt-topic', numbered(1002)));
    await nodeRed.inject(FEED);
    const dropped = await nodeRed.takeDebug(2, ({ id }) => id === 'mqtt-dropped');
    assert.deepEqual(
      dropped.map(({ value }) => (JSON.parse(String(value)) as { id: string }).id),
      ['alert 0', 'alert 1'],
    );
    await waiting(1000);
  });

  it('makes one level of a name that has the signs of topics in it', async () => {
    await nodeRed.deploy(fedInto(flow(), 'mqtt-topic', [anAlert({ severity: 'a/b+c#' })]));
    await connected();
    await nodeRed.inject(FEED);
    const { topic } = (await nodeRed.nextDebug(isArrived)).value as Arrived;
    assert.match(topic, /^alerts\/[^/]+\/a_b_c_$/);
  });
});
