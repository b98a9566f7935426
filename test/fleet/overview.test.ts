/** Two hosts and their overview, through all that may happen to them: nothing is lost, and nothing is reported twice. */
import assert from 'node:assert/strict';
import { connectAsync, type MqttClient } from 'mqtt';
import { hostname } from 'node:os';
import { until } from '../editor/left-behind';
import { needs } from '../harness/requirements';
import { Fleet, isOnline, OUTBOX_SIZE, type KnownAlert, type KnownHost, type Overview } from './fleet';

const isLive = ({ session }: KnownAlert): boolean => session !== null;

describe('a fleet: two hosts and their overview', function () {
  this.timeout(120_000);
  let fleet: Fleet | undefined;
  /** A client that nobody expects; it leaves with the broker's end. */
  let stranger: MqttClient;
  before(async function () {
    await needs(this, { mosquitto: true });
    fleet = await Fleet.start();
  });
  after(() => fleet?.stop());

  /** What was raised in this file so far, in order. */
  const raised = { alpha: [] as string[], beta: [] as string[] };

  async function raise(name: 'alpha' | 'beta', count: number): Promise<void> {
    raised[name].push(...(await fleet!.raise(name, count)));
  }

  /** All that was raised is there once and in order, and no host waits for a receipt any more. */
  async function allIsKnown(): Promise<void> {
    for (const name of ['alpha', 'beta'] as const) {
      await fleet!.knows(`the alerts of ${name}`, () => fleet!.timesOf(name).length >= raised[name].length);
      await until(() => fleet!.outbox(name).entries.length === 0, `the receipts of ${name}`, 30_000);
      assert.deepEqual(fleet!.timesOf(name), raised[name]);
      assert.equal(fleet!.outbox(name).dropped, 0);
    }
    const keys = fleet!.known().alerts.map(({ key }) => key);
    assert.deepEqual(keys, [...new Set(keys)]);
    assert.ok(fleet!.known().hosts.every(({ missing }) => missing === 0));
  }

  function record(name: string, { hosts }: Overview = fleet!.known()): KnownHost {
    return hosts.find(({ host }) => host === name)!;
  }

  async function knowsOfHost(name: string, rule: string, count: number): Promise<void> {
    await fleet!.knows(
      `${rule} of ${name}`,
      ({ alerts }) => alerts.filter((alert) => alert.host === name && alert.rule === rule).length === count,
    );
  }

  async function connectStranger(): Promise<void> {
    stranger = await connectAsync(`mqtt://127.0.0.1:${fleet!.broker.port}`, { reconnectPeriod: 0 });
  }

  it('has the alerts of both hosts once each, with host and boot', async () => {
    await raise('alpha', 2);
    await raise('beta', 1);
    await allIsKnown();
    for (const { boot, key, text } of fleet!.known().alerts) {
      assert.match(boot, /^[\da-f-]{36}$/);
      assert.match(key, new RegExp(`^(alpha|beta)/${boot}/[\\da-f]{16}$`));
      assert.match(text, /^sleep \(178\) was killed \(SIGKILL\) by /);
    }
    assert.notEqual(hostname(), 'alpha');
  });

  it('counts every stage of every session, and none twice', async () => {
    const { stages } = await fleet!
      .knows('stages', (all) => record('beta', all).stages > 0)
      .then((all) => record('beta', all));
    await raise('beta', 1);
    await fleet!.knows('the stages of one more life', (all) => record('beta', all).stages >= 2 * stages);
    const { stagesMissing, stagesDoubled } = record('beta');
    assert.deepEqual(
      { stages: record('beta').stages, stagesMissing, stagesDoubled },
      { stages: 2 * stages, stagesMissing: 0, stagesDoubled: 0 },
    );
  });

  it('counts an alert that is delivered twice once', async () => {
    await connectStranger();
    await stranger.subscribeAsync('tracelife/alpha/+/alerts', { qos: 1 });
    const heard = new Promise<[string, Buffer]>((resolve) => {
      stranger.once('message', (topic, payload) => {
        resolve([topic, payload]);
      });
    });
    await raise('alpha', 1);
    const [topic, payload] = await heard;
    const before = record('alpha').doubled;
    await stranger.publishAsync(topic, payload, { qos: 1 });
    await stranger.publishAsync(topic, payload, { qos: 1 });
    await raise('alpha', 1);
    await allIsKnown();
    assert.equal(record('alpha').doubled, before + 2);
  });

  it('counts an alert that is raised twice once, also where its sender numbers nothing', async () => {
    const boot = 'b00t';
    const alert = { id: 'a1', severity: 'error', rule: 'mine', text: 'it happened', count: 1, time: null };
    const message = JSON.stringify({
      kind: 'alert',
      host: 'gamma',
      boot,
      session: null,
      key: 'gamma/b00t/a1',
      alert,
    });
    await stranger.publishAsync(`tracelife/gamma/${boot}/alerts`, message, { qos: 1 });
    await stranger.publishAsync(`tracelife/gamma/${boot}/alerts`, message, { qos: 1 });
    await fleet!.knows('gamma', ({ hosts }) =>
      hosts.some(({ host, alerts }) => host === 'gamma' && alerts === 1),
    );
    await raise('alpha', 1);
    await allIsKnown();
    assert.deepEqual([record('gamma').alerts, record('gamma').doubled], [1, 1]);
  });

  it('refuses what speaks for another host than its topic, and counts it', async () => {
    const { refused } = fleet!.known();
    const message = { kind: 'alert', host: 'beta', boot: 'b00t', key: 'beta/b00t/a1', alert: {} };
    for (const payload of [JSON.stringify(message), 'no JSON', '[]'])
      await stranger.publishAsync('tracelife/gamma/b00t/alerts', payload, { qos: 1 });
    await raise('beta', 1);
    await allIsKnown();
    assert.equal(fleet!.known().refused, refused + 3);
  });

  it('tells that a host has rebooted, and forgets its processes', async () => {
    const state = (boot: string, since: string, list: unknown[]): string =>
      JSON.stringify({
        ...{
          kind: 'state',
          host: 'gamma',
          boot,
          key: `gamma/${boot}/${since}/1`,
          sequence: 1,
          state: 'online',
        },
        ...{ since, time: since, versions: {}, sessions: [], processes: { list, beyond: 0 } },
        ...{ alerts: { waiting: 0, confirmed: 0, dropped: 0 }, stages: {} },
      });
    const living = [{ session: 's', id: '7@1', pid: 7, comm: 'lives', state: 'alive', last: '', time: null }];
    await stranger.publishAsync('tracelife/gamma/b00t/state', state('b00t', '2026-01-01', living), {
      qos: 1,
    });
    await stranger.publishAsync('tracelife/gamma/b002/state', state('b002', '2026-01-02', []), { qos: 1 });
    await knowsOfHost('gamma', 'fleet:rebooted', 1);
    const gamma = record('gamma', await fleet!.shown());
    assert.deepEqual([gamma.boot, gamma.reported?.processes], ['b002', []]);
    // It says nothing more.
    await knowsOfHost('gamma', 'fleet:silent', 1);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`loses and doubles nothing, in order, when the broker ends by ${signal} and comes back`, async () => {
      await raise('alpha', 1);
      await fleet!.broker.end(signal);
      await raise('alpha', 2);
      await raise('beta', 3);
      assert.ok(fleet!.outbox('alpha').entries.length >= 2);
      await fleet!.broker.again();
      await raise('beta', 1);
      await allIsKnown();
      // Nobody was silent: it was the broker that was not there.
      const own = fleet!
        .known()
        .alerts.filter(({ host, rule }) => host !== 'gamma' && rule === 'fleet:silent');
      assert.deepEqual(own, []);
    });
  }

  it('loses and doubles nothing when the overview is stopped, and when it is killed', async () => {
    await fleet!.overview.stop();
    await raise('alpha', 2);
    await raise('beta', 1);
    await fleet!.startOverview();
    await allIsKnown();
    await raise('beta', 1);
    await fleet!.overview.crash();
    await raise('alpha', 1);
    await fleet!.startOverview();
    await allIsKnown();
  });

  it('tells that a host is silent when its Node-RED is killed, and that it is there again', async () => {
    await fleet!.knows('alpha', ({ hosts }) => isOnline(hosts, 'alpha'));
    await fleet!.host('alpha').crash();
    await knowsOfHost('alpha', 'fleet:silent', 1);
    await fleet!.startHost('alpha');
    await knowsOfHost('alpha', 'fleet:restarted', 1);
    await raise('alpha', 1);
    await allIsKnown();
  });

  it('has the alerts that a host had in its outbox when its Node-RED was killed', async () => {
    await fleet!.broker.end('SIGKILL');
    await raise('alpha', 2);
    await fleet!.host('alpha').crash();
    await fleet!.startHost('alpha');
    await fleet!.broker.again();
    await raise('alpha', 1);
    await allIsKnown();
  });

  it('has the alerts that waited while a flow was deployed', async () => {
    await fleet!.broker.end();
    await raise('beta', 1);
    await fleet!.deployHost('beta');
    await raise('beta', 1);
    await fleet!.broker.again();
    await allIsKnown();
  });

  it('has the alert of a process that was really killed, and who lived until then', async function () {
    await needs(this, { tracefs: true });
    await fleet!.host('beta').inject('host-live');
    const lives = (all: Overview): string[] =>
      record('beta', all).reported!.processes.map(({ comm, state }) => `${comm} ${state}`);
    await fleet!.shows('that sleep lives', (all) => lives(all).includes('sleep alive'));
    const { alerts } = await fleet!.knows('the live alert', (all) => all.alerts.some(isLive));
    assert.match(alerts.find(isLive)!.text, /^sleep \(\d+\) was killed \(SIGKILL\) by /);
    await fleet!.shows('that nobody lives', (all) => lives(all).length === 0);
  });

  it('counts what a full outbox had to drop, there and here', async () => {
    await fleet!.broker.end();
    raised.beta.push(...(await fleet!.raise('beta', OUTBOX_SIZE + 2)).slice(2));
    assert.deepEqual([fleet!.outbox('beta').entries.length, fleet!.outbox('beta').dropped], [OUTBOX_SIZE, 2]);
    await fleet!.broker.again();
    await fleet!.knows('the rest', () => fleet!.timesOf('beta').length === raised.beta.length);
    assert.deepEqual(fleet!.timesOf('beta'), raised.beta);
    assert.equal(record('beta').missing, 2);
    await until(() => fleet!.outbox('beta').entries.length === 0, 'the receipts');
  });

  it('has no node that failed', () => {
    for (const nodeRed of [fleet!.overview, fleet!.host('alpha'), fleet!.host('beta')])
      assert.doesNotMatch(nodeRed.output, /\[error\]/);
  });
});
