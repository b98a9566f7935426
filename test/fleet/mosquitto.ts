/** A real MQTT broker on a loopback port, which can be stopped, killed and started again on what it kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { Inbox, withDeadline } from '../harness/deadline';
import { temporaryFolder } from '../harness/temporary-folder';

const START_MS = 20_000;
const END_MS = 10_000;
const AGAIN_MS = 500;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Mosquitto {
  readonly #config: string;
  #child: ChildProcess | undefined;

  readonly port: number;

  private constructor(port: number, folder: string) {
    this.port = port;

    this.#config = path.join(folder, 'mosquitto.conf');
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${folder}/`,
      // As root it would become a user who may not write there.
      'user root',
      // Not stdout, which waits until a buffer is full where it is no terminal.
      'log_dest stderr',
    ];
    writeFileSync(this.#config, `${lines.join('\n')}\n`);
  }

  static async start(): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort(), temporaryFolder('mosquitto'));
    await broker.again();
    return broker;
  }

  /** Starts it again, on the same port and with what it had written. */
  async again(): Promise<void> {
    const child = spawn('mosquitto', ['-c', this.#config], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(child);
    this.#child = child;
    const log = new Inbox<string>();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log.push(text);
    });
    child.once('close', () => {
      running.delete(child);
      log.end(new Error('mosquitto ended'));
    });
    await log.first((text) => /mosquitto version .* running/.test(text), START_MS, 'mosquitto to run');
  }

  /** SIGTERM: it writes what it holds. SIGKILL: it does not. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    // A SIGTERM between its last line and its loop is forgotten: there it begins by `run = 1` (mosquitto.c, main).
    const again = setInterval(() => child.kill(signal), AGAIN_MS);
    try {
      await withDeadline(ended, END_MS, `mosquitto to end by ${signal}`);
    } finally {
      clearInterval(again);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
