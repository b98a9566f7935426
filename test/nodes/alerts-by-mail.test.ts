import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { until } from '../editor/left-behind';
import { Inbox } from '../harness/deadline';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import { temporaryFolder } from '../harness/temporary-folder';
import { anAlert, example, fedInto, FEED, withSettings, withVariables } from './example-flows';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly head: string;
  readonly body: string;
}

/** Words in another encoding than ASCII are none of these tests'; lines that were folded are put together. */
function mailOf(raw: string): Pick<Mail, 'head' | 'body'> {
  const [head = '', ...body] = raw.replaceAll('\r\n', '\n').split('\n\n');
  const isQuoted = /^content-transfer-encoding: quoted-printable$/im.test(head);
  const text = body.join('\n\n');
  return {
    head: head.replace(/\n[ \t]+/g, ' '),
    body: isQuoted
      ? text
          .replace(/=\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      : text,
  };
}

/** A real mail server on the loopback address. */
class MailServer {
  readonly mails = new Inbox<Mail>();
  refuses = false;
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      // Without a certificate of its own there is nothing to encrypt with.
      disabledCommands: ['STARTTLS', 'AUTH'],
      logger: false,
      onRcptTo: (address, _session, done) => {
        done(this.refuses ? new Error(`no mailbox ${address.address}`) : null);
      },
      onData: (stream, { envelope }, done) => {
        let raw = '';
        stream.setEncoding('utf8');
        stream.on('data', (chunk: string) => (raw += chunk));
        stream.on('end', () => {
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          this.mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), ...mailOf(raw) });
          done();
        });
      },
    });
  }

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server.server, 'listening');
    return server;
  }

  get port(): string {
    return String((this.#server.server.address() as AddressInfo).port);
  }

  next(count: number): Promise<Mail[]> {
    return this.mails.take(count, () => true, 60_000, `${count} mails`);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

const FILE = 'alerts/6 Alerts by mail.json';
/** The ways of Node-RED that the package promises. */
const SCRIPTS = { '5': 'node_modules/node-red/red.js', '4.1': 'node_modules/node-red-4/red.js' };

for (const [version, script] of Object.entries(SCRIPTS)) {
  describe(`the example "Alerts by mail" under Node-RED ${version}`, function () {
    this.timeout(90_000);
    let nodeRed: NodeRedProcess;
    let server: MailServer;
    let unsent: string;
    before(async () => {
      nodeRed = await NodeRedProcess.start({
        palettes: ['node-red-node-email'],
        script: path.join(process.cwd(), script),
      });
      assert.ok(nodeRed.output.includes(`Node-RED version: v${version}.`));
    });
    after(() => nodeRed.stop());
    beforeEach(async () => {
      server = await MailServer.start();
      unsent = path.join(temporaryFolder('mail'), 'unmailed.txt');
    });
    afterEach(async () => {
      // With its tab, a flow's context goes too.
      await nodeRed.deploy([]);
      await server.stop();
    });

    function flow(everySeconds: number): FlowNode[] {
      const own = withVariables(example(FILE), {
        MAIL_FROM: 'watch@example.org',
        MAIL_TO: 'duty@example.org',
        MAIL_EVERY_SECONDS: everySeconds,
        MAIL_UNSENT: unsent,
      });
      const posting = withSettings(own, 'mail-mail', { server: '127.0.0.1', port: server.port });
      return withSettings(posting, 'mail-clock', { repeat: '0.2' });
    }

    async function feed(alerts: readonly Record<string, unknown>[], everySeconds: number): Promise<void> {
      await nodeRed.deploy(fedInto(flow(everySeconds), 'mail-digest', alerts));
      await nodeRed.inject(FEED);
    }

    it('mails the alert of its button', async () => {
      await nodeRed.deploy(flow(0));
      await nodeRed.inject('mail-inject');
      const [mail] = await server.next(1);
      assert.deepEqual([mail!.from, mail!.to], ['watch@example.org', ['duty@example.org']]);
      assert.match(
        mail!.head,
        /^Subject: \[(info|notice|warning|error|critical)\] sleep \(\d+\) was killed \(SIGKILL\)/m,
      );
      assert.match(mail!.body, /sleep \(\d+\) was killed \(SIGKILL\)/);
    });

    it('gathers what follows the first into one mail, with the worst in its subject and nothing left out', async () => {
      const alerts = Array.from({ length: 30 }, (_, n) =>
        anAlert({ text: `number ${n}`, severity: n === 17 ? 'critical' : 'notice', count: 2 }),
      );
      await feed(alerts, 1);
      const isLast = ({ body }: Mail): boolean => body.includes('number 29 ');
      await server.mails.first(isLast, 60_000, 'the mail with the last alert');
      const mails = server.mails.received;
      assert.ok(mails.length <= 2, `${mails.length} mails`);
      const numbers = mails.flatMap(({ body }) =>
        [...body.matchAll(/number (\d+) /g)].map(([, n]) => Number(n)),
      );
      assert.deepEqual(
        numbers,
        Array.from({ length: 30 }, (_, n) => n),
      );
      assert.match(mails.at(-1)!.head, /^Subject: \[critical\] number 17 \(and \d+ more\)$/m);
    });

    it('says how many there were where a mail cannot have a line for each', async () => {
      await feed(
        Array.from({ length: 150 }, (_, n) => anAlert({ text: `number ${n}` })),
        1,
      );
      const mail = await server.mails.first(
        ({ body }) => /^\.\.\.$/m.test(body),
        60_000,
        'a mail that is cut',
      );
      assert.ok((mail.body.match(/number /g) ?? []).length <= 100);
      const counts = server.mails.received.map(({ body }) => Number(/^(\d+) alerts?$/m.exec(body)?.[1]));
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        150,
      );
    });

    it('sends plain text, though a process may be called like HTML, and one line of a subject', async () => {
      await feed([anAlert({ text: '<img src=x onerror=y>\nBcc: all@example.org was killed' })], 0);
      const [mail] = await server.next(1);
      assert.match(mail!.head, /^Content-Type: text\/plain/im);
      assert.doesNotMatch(mail!.head, /^Bcc:|text\/html|multipart/im);
      assert.match(mail!.body, /< img src=x onerror=y> Bcc: all@example.org was killed/);
    });

    it('keeps a mail that the server does not take in a file', async () => {
      server.refuses = true;
      await feed([anAlert({ text: 'nobody reads this' })], 0);
      const { value } = await nodeRed.nextDebug(({ id }) => id === 'mail-notMailed');
      assert.match(String(value), /no mailbox duty@example.org[^]*nobody reads this/);
      await until(
        () => existsSync(unsent) && /Subject: \[error\] nobody reads this/.test(readFileSync(unsent, 'utf8')),
        'the mail in the file',
      );
    });
  });
}
