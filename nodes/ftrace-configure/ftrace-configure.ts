/** Arms a session and sends it on. */
import * as os from 'node:os';
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import {
  armSession,
  explainSession,
  findSession,
  inspectTracing,
  readPids,
  readSessionSettings,
  type Session,
  type SessionSettings,
  type SessionState,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../adapter/as-error';
import { guardClose } from '../adapter/guard-close';
import { guardInput } from '../adapter/guard-input';
import { topicOf } from '../messages/message-metadata';
import { RECORDED_EXAMPLE } from '../adapter/recorded-example';
import { readOrShowFailure } from '../adapter/show-failure';
import { StatusRenderer, type Look } from '../adapter/status-renderer';
import { OwnedSessions } from './owned-sessions';

interface ConfigureDef extends NodeDef {
  topic?: unknown;
  events?: unknown;
  eventList?: unknown;
  fileNames?: unknown;
  callTraces?: unknown;
  followChildren?: unknown;
  outsideSignals?: unknown;
  bufferKb?: unknown;
  clock?: unknown;
  attach?: unknown;
  whenImpossible?: unknown;
  replayPath?: unknown;
}

interface ConfigureSettings {
  readonly session: SessionSettings;
  /** The node's own topic, which goes before the message's. */
  readonly topic: string | null;
  /** The trace to replay where tracing is not possible; null: that is an error. */
  readonly replayPath: string | null;
}

const ACTIONS = ['arm', 'pause', 'resume', 'disarm', 'explain'] as const;
type Action = (typeof ACTIONS)[number];

type ConfigureState = SessionState | 'replaying';
const LOOKS: Readonly<Record<ConfigureState, Look>> = {
  armed: { fill: 'green', shape: 'ring' },
  running: { fill: 'green', shape: 'dot' },
  paused: { fill: 'yellow', shape: 'ring' },
  draining: { fill: 'green', shape: 'dot' },
  ended: { fill: 'grey', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
  replaying: { fill: 'blue', shape: 'ring' },
};

function readDef(def: ConfigureDef): ConfigureSettings {
  const topic = typeof def.topic === 'string' && def.topic !== '' ? def.topic : null;
  const session = readSessionSettings({
    ...def,
    topic: topic ?? undefined,
    events: def.events === 'list' ? def.eventList : def.events,
  });
  if (def.whenImpossible !== 'replay') return { session, topic, replayPath: null };
  const given = typeof def.replayPath === 'string' ? def.replayPath : '';
  return { session, topic, replayPath: given === '' ? RECORDED_EXAMPLE : given };
}

function readAction(given: unknown): Action {
  const action = ACTIONS.find((known) => known === (given ?? 'arm'));
  if (action !== undefined) return action;
  throw new TraceError(
    'MESSAGE_INVALID',
    `msg.action is ${JSON.stringify(given)}; it is ${ACTIONS.join(', ')}`,
  );
}

/** Null: the message has none, and the node's own count. */
function readMessagePids(given: unknown): number[] | null {
  if (given === undefined || given === null) return null;
  try {
    return readPids(given, 'msg.pid');
  } catch (error) {
    throw new TraceError('MESSAGE_INVALID', asError(error).message, { cause: error });
  }
}

/** `msg.payload` for a session, in whatever state. */
function describeSession(session: Session): Record<string, unknown> {
  return {
    session: session.id,
    topic: session.topic,
    state: session.state,
    instances: session.instances,
    kernel: os.release(),
    commands: [...session.commands],
    settings: session.settings,
  };
}

function registerPreflight(RED: NodeAPI): void {
  RED.httpAdmin.get(
    '/tracelife/preflight',
    RED.auth.needsPermission('ftrace-configure.read'),
    (_request, response) => {
      Promise.resolve()
        .then(inspectTracing)
        .then((found) => response.json(found))
        .catch((error: unknown) => response.status(500).json({ error: asError(error).message }));
    },
  );
}

/** Whoever looks at call traces in a flow finds the symbols there: reading them in the run would hold up the others. */
async function armForFlow(settings: SessionSettings): Promise<Session> {
  const session = await armSession(settings);
  if (settings.callTraces) await session.loadSymbols();
  return session;
}

module.exports = (RED: NodeAPI): void => {
  registerPreflight(RED);
  RED.nodes.registerType('ftrace-configure', function (this: Node, def: ConfigureDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('ftrace-configure.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<ConfigureState>(this, LOOKS, (key, values) =>
      RED._(`ftrace-configure.${key}`, values),
    );
    const owned = new OwnedSessions(armForFlow, (session) => {
      status.show(session.state, { topic: session.topic });
    });

    const replay = async (
      settings: SessionSettings,
      path: string,
      reason: TraceError,
      message: NodeMessage,
    ): Promise<NodeMessage> => {
      this.warn(RED._('ftrace-configure.warning.replay', { path, why: reason.message }));
      status.show('replaying');
      message.topic = settings.topic;
      message.payload = {
        session: null,
        topic: settings.topic,
        state: 'replaying',
        commands: await explainSession(settings),
        replay: path,
        code: reason.code,
        why: reason.message,
      };
      message['ftrace'] = {
        session: null,
        kind: 'session',
        replay: path,
        why: reason.message,
      };
      return message;
    };

    const act = async (action: Exclude<Action, 'explain' | 'arm'>, topic: string): Promise<Session> => {
      const session = findSession(topic);
      if (session === undefined)
        throw new TraceError('SESSION_UNKNOWN', `${action}: nothing is armed as "${topic}"`);
      if (action === 'pause') session.pause();
      else if (action === 'resume') session.resume();
      else await session.disarm();
      return session;
    };

    const answer = (session: Session, kind: string, message: NodeMessage): NodeMessage => {
      message.topic = session.topic;
      message.payload = describeSession(session);
      message['ftrace'] = { session: session.id, kind };
      return message;
    };

    guardInput(this, async (message, send) => {
      const action = readAction(message['action']);
      const asked = readMessagePids(message['pid']);
      const settings = {
        ...config.session,
        topic: config.topic ?? topicOf(message) ?? config.session.topic,
        attach: asked ?? config.session.attach,
      };
      delete message['action'];
      if (action === 'explain') {
        message.topic = settings.topic;
        message.payload = {
          session: null,
          topic: settings.topic,
          state: null,
          commands: await explainSession(settings),
        };
        message['ftrace'] = { session: null, kind: action };
        send(message);
      } else if (action !== 'arm') {
        send(answer(await act(action, settings.topic), action, message));
      } else {
        try {
          const session = await owned.arm(settings);
          if (settings.attach.length > 0) await session.attach();
          send(answer(session, 'session', message));
        } catch (error) {
          const path = config.replayPath;
          if (path === null || !(error instanceof TraceError) || inspectTracing().canTrace) {
            status.show('failed');
            throw error;
          }
          send(await replay(settings, path, error, message));
        }
      }
    });

    guardClose(this, async () => {
      await owned.close();
      status.close();
    });
  });
};
