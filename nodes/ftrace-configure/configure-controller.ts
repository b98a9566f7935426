/** Arms sessions and sends them on. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import {
  armSession,
  explainSession,
  findSession,
  inspectTracing,
  type Session,
  type SessionSettings,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { codeOf } from '../adapter/as-error';
import type { NodeController, NodeSurface, Send } from '../adapter/node-controller';
import { nameFile } from '../adapter/readable-files';
import { topicOf } from '../messages/message-metadata';
import { describeSession, readAction, readMessagePids, type Action } from './configure-message';
import type { ConfigureSettings } from './configure-settings';
import type { ConfigureState } from './configure-states';
import { OwnedSessions } from './owned-sessions';

export class ConfigureController implements NodeController {
  readonly #settings: ConfigureSettings;
  readonly #surface: NodeSurface<ConfigureState>;
  readonly #owned: OwnedSessions;
  readonly #forgetFile: () => void;

  constructor(settings: ConfigureSettings, surface: NodeSurface<ConfigureState>) {
    this.#settings = settings;
    this.#surface = surface;
    this.#forgetFile = settings.replayPath === null ? () => undefined : nameFile(settings.replayPath);
    this.#owned = new OwnedSessions(armForFlow, surface.limits, (session) => {
      const { state, topic, failure } = session;
      surface.status.show(state, { topic, code: failure === null ? '' : codeOf(failure) });
    });
  }

  /** A refused `pause` or `arm` is no news of the session that runs. */
  get keepsStatus(): boolean {
    return this.#owned.count > 0;
  }

  async receive(message: NodeMessageInFlow, send: Send): Promise<void> {
    const action = readAction(message['action']);
    const settings = this.#sessionSettings(message);
    delete message['action'];
    switch (action) {
      case 'arm':
        send(await this.#arm(settings, message));
        return;
      case 'explain':
        send(await explain(settings, message));
        return;
      default:
        send(answer(await act(action, settings.topic), action, message));
    }
  }

  close(): Promise<void> {
    this.#forgetFile();
    return this.#owned.close();
  }

  #sessionSettings(message: NodeMessage): SessionSettings {
    const { session, topic } = this.#settings;
    return {
      ...session,
      topic: topic ?? topicOf(message) ?? session.topic,
      attach: readMessagePids(message['pid']) ?? session.attach,
    };
  }

  async #arm(settings: SessionSettings, message: NodeMessage): Promise<NodeMessage> {
    if (settings.attach.length > 0 && this.#surface.limits.mayAttach === 'none') {
      throw new TraceError('ATTACH_DENIED', "ftraceLife.mayAttach in settings.js is 'none'");
    }
    try {
      const session = await this.#owned.arm(settings);
      if (settings.attach.length > 0) await session.attach();
      return answer(session, 'session', message);
    } catch (error) {
      const path = this.#settings.replayPath;
      if (path === null || !(error instanceof TraceError) || inspectTracing().canTrace) throw error;
      return this.#replay(settings, path, error, message);
    }
  }

  async #replay(
    settings: SessionSettings,
    path: string,
    reason: TraceError,
    message: NodeMessage,
  ): Promise<NodeMessage> {
    this.#surface.warn(this.#surface.text('warning.replay', { path, why: reason.message }));
    this.#surface.status.show('replaying');
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
    message['ftrace'] = { session: null, kind: 'session', replay: path, why: reason.message };
    return message;
  }
}

/** A flow finds the symbols of call traces loaded: reading them during the run would hold up the other nodes. */
async function armForFlow(settings: SessionSettings): Promise<Session> {
  const session = await armSession(settings);
  if (settings.callTraces) await session.loadSymbols();
  return session;
}

async function act(action: Exclude<Action, 'explain' | 'arm'>, topic: string): Promise<Session> {
  const session = findSession(topic);
  if (session === undefined)
    throw new TraceError('SESSION_UNKNOWN', `${action}: nothing is armed as "${topic}"`);
  if (action === 'pause') session.pause();
  else if (action === 'resume') session.resume();
  else await session.disarm();
  return session;
}

async function explain(settings: SessionSettings, message: NodeMessage): Promise<NodeMessage> {
  const { topic } = settings;
  message.topic = topic;
  message.payload = { session: null, topic, state: null, commands: await explainSession(settings) };
  message['ftrace'] = { session: null, kind: 'explain' };
  return message;
}

function answer(session: Session, kind: string, message: NodeMessage): NodeMessage {
  message.topic = session.topic;
  message.payload = describeSession(session);
  message['ftrace'] = { session: session.id, kind };
  return message;
}
