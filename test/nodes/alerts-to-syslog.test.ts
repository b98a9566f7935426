import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Inbox } from '../harness/deadline';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { anAlert, example, fedInto, FEED, withSettings } from './example-flows';

/** RFC 5424, section 6: header, structured data of one element, and a message that begins with the mark of UTF-8. */
const MESSAGE =
  /^<(?<pri>\d{1,3})>1 (?<time>\S+) (?<host>[!-~]{1,255}) (?<app>[!-~]{1,48}) (?<procid>[!-~]{1,128}) (?<msgid>[!-~]{1,32}) (?<data>\[alert@32473(?: [^= \]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\]) \ufeff(?<text>[^]*)$/;

interface Told {
  readonly pri: string;
  readonly time: string;
  readonly host: string;
  readonly app: string;
  readonly procid: string;
  readonly msgid: string;
  readonly text: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly bytes: number;
}

function read(datagram: Buffer): Told {
  // Throws for what is no UTF-8.
  const line = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(datagram);
  const groups = MESSAGE.exec(line)?.groups;
  assert.ok(groups, line);
  const pairs = [...groups['data']!.matchAll(/ ([^=]+)="((?:[^"\\\]]|\\["\\\]])*)"/g)];
  const parameters = Object.fromEntries(
    pairs.map(([, name, value]) => [name!, value!.replace(/\\(["\\\]])/g, '$1')]),
  );
  return { ...(groups as unknown as Told), parameters, bytes: datagram.length };
}

describe('the example "Alerts to syslog"', function () {
  this.timeout(60_000);
  let nodeRed: NodeRedProcess;
  let socket: Socket;
  let received: Inbox<Buffer>;
  before(async () => {
    nodeRed = await NodeRedProcess.start();
  });
  after(() => nodeRed.stop());
  beforeEach(async () => {
    received = new Inbox();
    socket = createSocket('udp4', (datagram) => {
      received.push(datagram);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  });
  afterEach(() => {
    socket.close();
  });

  function flow(): FlowNode[] {
    const port = String(socket.address().port);
    // logger speaks RFC 5424 too when it is asked to: so both are read by the same receiver.
    const args = ['-n', '127.0.0.1', '-P', port, '-d', '--rfc5424'];
    return withSettings(
      withSettings(example('alerts/5 Alerts to syslog.json'), 'log-udpOut', { port }),
      'log-logger',
      { args },
    );
  }

  /** What comes before core's udp out node is ready, a moment after a deploy, is dropped by it. */
  async function deploy(flows: readonly FlowNode[]): Promise<void> {
    nodeRed.log.clear();
    await nodeRed.deploy(flows);
    await nodeRed.log.first((line) => /udp ready/.test(line), 60_000, 'the udp out node');
  }

  async function told(alerts: readonly Record<string, unknown>[]): Promise<Told[]> {
    await deploy(fedInto(flow(), 'log-rfc5424', alerts));
    await nodeRed.inject(FEED);
    const all = await received.take(alerts.length, () => true, 60_000, `${alerts.length} datagrams`);
    return all.map(read);
  }

  it('sends the alert of its button both ways', async function () {
    await needs(this, { logger: true });
    await deploy(flow());
    await nodeRed.inject('log-inject');
    const own = read(await received.first((each) => each.includes('alert@32473'), 60_000, 'our own message'));
    assert.match(own.text, /^sleep \(\d+\) was killed \(SIGKILL\)/);
    assert.equal(own.app, 'ftrace-life');
    assert.equal(own.parameters['signal'], 'SIGKILL');
    assert.equal(own.parameters['pid'], own.procid);
    const byLogger = String(
      await received.first((each) => !each.includes('alert@32473'), 60_000, "logger's message"),
    );
    assert.match(byLogger, /^<13[0-6]>1 \S+ \S+ ftrace-life - - .*sleep \(\d+\) was killed \(SIGKILL\)/);
    assert.ok(byLogger.includes(own.text));
  });

  it('has the severities of syslog, in facility local0', async () => {
    const severities = ['info', 'notice', 'warning', 'error', 'critical'];
    const all = await told(severities.map((severity) => anAlert({ severity })));
    const by = new Map(all.map(({ parameters, pri }) => [parameters['severity'], Number(pri)]));
    assert.deepEqual(Object.fromEntries(by), {
      info: 134,
      notice: 133,
      warning: 132,
      error: 131,
      critical: 130,
    });
  });

  it('has the time of the signal, with six digits of a second at most', async () => {
    const [one, two] = await told([
      anAlert({ time: '2026-02-03T04:05:06.789Z' }),
      anAlert({ time: '2026-02-03T04:05:06.789123456Z' }),
    ]);
    assert.deepEqual([one!.time, two!.time], ['2026-02-03T04:05:06.789Z', '2026-02-03T04:05:06.789123Z']);
  });

  it('escapes what would end the structured data, and keeps each message one line', async () => {
    const rule = 'a "b" [c] \\d\\" ]e="f';
    const [message] = await told([anAlert({ rule, text: 'evil\n<0>1 - - - - - - forged\u0000é🐚' })]);
    assert.equal(message!.parameters['rule'], rule);
    assert.equal(message!.parameters['count'], '1');
    assert.equal(message!.text, 'evil <0>1 - - - - - - forged é🐚');
  });

  it('cuts a long text between two characters, and stays within what a receiver must take', async () => {
    for (const shift of ['', 'x', 'xx', 'xxx']) {
      received.clear();
      const [message] = await told([anAlert({ text: shift + '🐚'.repeat(2000), rule: 'é'.repeat(500) })]);
      assert.ok(message!.bytes <= 2048 && message!.bytes > 2040, String(message!.bytes));
      assert.match(message!.text, /^x*(🐚)+…$/u);
    }
  });

  it('has no field left out, where the alert says little', async () => {
    const [message] = await told([
      {
        severity: 'notice',
        text: 'events were lost',
        rule: 'loss',
        count: 3,
        process: null,
        signal: null,
        time: null,
      },
    ]);
    assert.equal(message!.procid, '-');
    assert.deepEqual(message!.parameters, { rule: 'loss', severity: 'notice', count: '3' });
  });

  it("gives a process's name to logger as it is, whatever a shell would make of it", async function () {
    await needs(this, { logger: true });
    const text = '$(touch /tmp/x) `id` "quoted" --help; -p kern.emerg was killed';
    await nodeRed.deploy(fedInto(flow(), 'log-arguments', [anAlert({ text, severity: 'critical' })]));
    await nodeRed.inject(FEED);
    const line = String(await received.first(() => true, 60_000, "logger's message"));
    assert.match(line, /^<130>1 /);
    assert.ok(line.includes(text), line);
  });
});
