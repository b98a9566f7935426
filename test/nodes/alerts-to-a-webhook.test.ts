import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { until } from '../editor/left-behind';
import { Inbox } from '../harness/deadline';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import { temporaryFolder } from '../harness/temporary-folder';
import { anAlert, example, fedInto, FEED, withSettings, withVariables } from './example-flows';

interface Posted {
  readonly key: string | undefined;
  readonly type: string | undefined;
  readonly body: { readonly id: string; readonly text: string };
}

/** Answers with these statuses in turn, and with the last one from then on. */
class Receiver {
  readonly posted = new Inbox<Posted>();
  statuses: number[] = [204];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const { 'idempotency-key': key, 'content-type': type } = request.headers;
        response.writeHead(this.statuses.length > 1 ? this.statuses.shift()! : this.statuses[0]!).end();
        this.posted.push({ key: key?.toString(), type, body: JSON.parse(text) as Posted['body'] });
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alert`;
  }

  next(count: number): Promise<Posted[]> {
    return this.posted.take(count, () => true, 60_000, `${count} requests`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('the example "Alerts to a webhook"', function () {
  this.timeout(90_000);
  let nodeRed: NodeRedProcess;
  let receiver: Receiver;
  let unsent: string;
  before(async () => {
    nodeRed = await NodeRedProcess.start();
  });
  after(() => nodeRed.stop());
  beforeEach(async () => {
    receiver = await Receiver.start();
    unsent = path.join(temporaryFolder('webhook'), 'new/unsent.jsonl');
  });
  afterEach(async () => {
    // With its tab, a flow's context goes too.
    await nodeRed.deploy([]);
    await receiver.stop();
  });

  function flow(url: string, tries: number, alerts: Record<string, unknown>[]): FlowNode[] {
    const own = withVariables(example('alerts/4 Alerts to a webhook.json'), {
      WEBHOOK_URL: url,
      WEBHOOK_TRIES: tries,
      WEBHOOK_UNSENT: unsent,
    });
    return fedInto(withSettings(own, 'hook-clock', { repeat: '0.1' }), 'hook-deliver', alerts);
  }

  async function feed(url: string, tries: number, alerts = [anAlert()]): Promise<void> {
    await nodeRed.deploy(flow(url, tries, alerts));
    await nodeRed.inject(FEED);
  }

  const status = (text: string): Promise<unknown> =>
    nodeRed.nextStatus('hook-deliver', (shown) => shown.text === text);
  const gaveUp = async (): Promise<{ alert: { id: string }; tried: number; why: string }> => {
    const { value } = await nodeRed.nextDebug(({ id }) => id === 'hook-gaveUp');
    return JSON.parse(value as string) as { alert: { id: string }; tried: number; why: string };
  };

  it('brings the alert of its button to the receiver that comes with it', async () => {
    await nodeRed.deploy(
      withVariables(example('alerts/4 Alerts to a webhook.json'), {
        WEBHOOK_URL: `${nodeRed.url}/ftrace-life/try-webhook`,
      }),
    );
    await nodeRed.inject('hook-inject');
    const { value } = await nodeRed.nextDebug(({ id }) => id === 'hook-received');
    assert.match(String(value), /^sleep \(\d+\) was killed \(SIGKILL\)/);
    await status('waiting: 0, unsent: 0');
  });

  it('tries again while the server is broken, each time with the same key', async () => {
    receiver.statuses = [500, 429, 204];
    await feed(receiver.url, 6);
    const posted = await receiver.next(3);
    assert.deepEqual(
      posted.map(({ key, type, body }) => [key, type, body.id]),
      Array.from({ length: 3 }, () => ['a1', 'application/json', 'a1']),
    );
    await status('waiting: 0, unsent: 0');
    assert.equal(existsSync(unsent), false);
  });

  it('gives up after its tries, and keeps the alert in a file', async () => {
    receiver.statuses = [503];
    await feed(receiver.url, 2);
    const { alert, tried, why } = await gaveUp();
    assert.deepEqual([alert.id, tried, why], ['a1', 2, '503']);
    assert.equal(receiver.posted.received.length, 2);
    await status('waiting: 0, unsent: 1');
    await until(
      () => existsSync(unsent) && readFileSync(unsent, 'utf8').endsWith('\n'),
      'a line in the file',
    );
    assert.equal((JSON.parse(readFileSync(unsent, 'utf8')) as { alert: { id: string } }).alert.id, 'a1');
  });

  it('does the same where nobody listens', async () => {
    const { url } = receiver;
    await receiver.stop();
    await feed(url, 2);
    const { tried, why } = await gaveUp();
    assert.deepEqual([tried, why], [2, 'ECONNREFUSED']);
    receiver = await Receiver.start();
  });

  it('gives up at once where the server refuses the alert for good', async () => {
    receiver.statuses = [400];
    await feed(receiver.url, 6);
    const { tried, why } = await gaveUp();
    assert.deepEqual([tried, why], [1, '400']);
  });

  it('goes on after a deploy with what waits', async () => {
    receiver.statuses = [503];
    await feed(receiver.url, 6, [anAlert({ id: 'one' }), anAlert({ id: 'two' })]);
    await receiver.next(2);
    await status('waiting: 2, unsent: 0');
    receiver.statuses = [204];
    receiver.posted.clear();
    await nodeRed.deploy(flow(receiver.url, 6, []));
    const posted = await receiver.next(2);
    assert.deepEqual(posted.map(({ key }) => key).sort(), ['one', 'two']);
    await status('waiting: 0, unsent: 0');
  });
});
