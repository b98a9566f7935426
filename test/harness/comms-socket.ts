/**
 * The /comms websocket of Node-RED, by which the editor learns of debug messages, node status and deploys.
 * Protocol: `CommsConnection` in @node-red/editor-api/lib/editor/comms.js; message encoding: `encodeObject` in
 * @node-red/util/lib/util.js.
 */
import { once } from 'node:events';
import { Inbox } from './deadline';

/** What a debug node showed, or what a node logged as a warning or an error. */
export interface DebugMessage {
  /** The debug node's id; of a log message, the id of the node that logged. */
  readonly id: string;
  readonly name: string | undefined;
  readonly topic: string | undefined;
  /** `Object`, `array[3]`, `string[12]`, `number`, ... */
  readonly format: string | undefined;
  /** Only for log messages: 20 is an error, 30 a warning. */
  readonly level: number | undefined;
  /** What was shown, decoded: the complete message for a debug node with `complete: 'true'`. */
  readonly value: unknown;
}

export interface NodeStatus {
  readonly id: string;
  readonly fill: string | undefined;
  readonly shape: string | undefined;
  readonly text: string | undefined;
}

/** Something that happened in the runtime: `runtime-deploy`, `runtime-state`, ... */
export interface RuntimeNotice {
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Packet {
  readonly topic: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class CommsSocket {
  readonly debug = new Inbox<DebugMessage>();
  readonly status = new Inbox<NodeStatus>();
  readonly notices = new Inbox<RuntimeNotice>();
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', (event) => {
      for (const packet of [JSON.parse(String(event.data)) as Packet | Packet[]].flat())
        this.#receive(packet);
    });
    socket.addEventListener('close', () => {
      const reason = new Error('Node-RED closed the connection');
      for (const inbox of [this.debug, this.status, this.notices]) inbox.end(reason);
    });
  }

  /** @param url of the editor, `http://127.0.0.1:1880` */
  static async open(url: string): Promise<CommsSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/comms`);
    const comms = new CommsSocket(socket);
    await once(socket, 'open');
    for (const topic of ['debug', 'status/#', 'notification/#'])
      socket.send(JSON.stringify({ subscribe: topic }));
    return comms;
  }

  close(): void {
    this.#socket.close();
  }

  #receive({ topic, data }: Partial<Packet>): void {
    // `{auth: 'fail'}`: nobody has logged in here, where `adminAuth` is on.
    if (topic === undefined || data === undefined) return;
    if (topic === 'debug') this.debug.push(debugMessage(data));
    else if (topic.startsWith('status/')) {
      const { fill, shape, text } = data as Partial<NodeStatus>;
      this.status.push({ id: topic.slice('status/'.length), fill, shape, text });
    } else if (topic.startsWith('notification/')) {
      this.notices.push({ id: topic.slice('notification/'.length), payload: data });
    }
  }
}

function debugMessage(data: Packet['data']): DebugMessage {
  const { id, name, topic, format, level, msg } = data as Partial<DebugMessage> & { msg?: unknown };
  return { id: id ?? '', name, topic, format, level, value: decode(format ?? '', msg) };
}

/** The reverse of `encodeObject`, as far as JSON can carry a value. */
function decode(format: string, encoded: unknown): unknown {
  if (typeof encoded !== 'string' || format === '' || format.startsWith('string')) return encoded;
  if (format === 'undefined') return undefined;
  if (format.startsWith('buffer')) return Buffer.from(encoded, 'hex');
  try {
    return JSON.parse(encoded, (_key, value: unknown) => (isWrapped(value) ? unwrap(value) : value));
  } catch {
    return encoded;
  }
}

interface Wrapped {
  readonly __enc__: true;
  readonly type: string;
  readonly data?: unknown;
}

function isWrapped(value: unknown): value is Wrapped {
  return typeof value === 'object' && value !== null && '__enc__' in value;
}

function unwrap(wrapped: Wrapped): unknown {
  return wrapped.type === 'number' ? Number(wrapped.data) : wrapped.data;
}
