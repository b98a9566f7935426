/** ftrace-configure in the mode *watch*: one watch, which goes on until the node is gone. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import * as os from 'node:os';
import { explainWatch, type Watch, type WatchSettings } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { codeOf } from '../adapter/as-error';
import type { NodeController, NodeSurface, Send } from '../adapter/node-controller';
import { topicOf } from '../messages/message-metadata';
import { readAction } from './configure-message';
import type { ConfigureState } from './configure-states';
import { OwnedWatch } from './owned-watch';
import { WatchedUntil } from './watched-until';

/** After the flows began: the nodes after this one are there by then. The inject node of Node-RED waits as long. */
const AT_START_MS = 100;

export interface WatchModeSettings {
  readonly watch: WatchSettings;
  /** The node's own topic, which overrides the message's. */
  readonly topic: string | null;
  /** Begins with the flows, and again after a failure, with no message. */
  readonly atStart: boolean;
}

export class WatchController implements NodeController {
  readonly #settings: WatchModeSettings;
  readonly #surface: NodeSurface<ConfigureState>;
  readonly #owned: OwnedWatch;
  readonly #start: NodeJS.Timeout | null;

  /** @throws TraceError ATTACH_DENIED */
  constructor(settings: WatchModeSettings, surface: NodeSurface<ConfigureState>) {
    if (surface.limits.mayAttach === 'none') {
      throw new TraceError(
        'ATTACH_DENIED',
        "ftraceLife.mayAttach in settings.js is 'none': nothing can be watched",
      );
    }
    this.#settings = settings;
    this.#surface = surface;
    this.#owned = new OwnedWatch(new WatchedUntil(surface.id, surface.userFolder), {
      begun: (watch) => {
        surface.send(answer(watch, 'session', {}));
      },
      state: (watch) => {
        this.#show(watch);
      },
      failed: (error) => {
        surface.status.show('failed', { code: codeOf(error) });
        surface.error(error);
      },
    });
    this.#start = settings.atStart
      ? setTimeout(() => {
          this.#owned.keepWatching(settings.watch);
        }, AT_START_MS)
      : null;
  }

  /** A refused action is no news of the watch that goes on. */
  get keepsStatus(): boolean {
    return this.#owned.isWatching;
  }

  async receive(message: NodeMessageInFlow, send: Send): Promise<void> {
    const action = readAction(message['action']);
    delete message['action'];
    const { watch, topic } = this.#settings;
    const settings = { ...watch, topic: topic ?? topicOf(message) ?? watch.topic };
    switch (action) {
      case 'arm':
        send(answer(await this.#owned.begin(settings), 'session', message));
        return;
      case 'disarm': {
        const ended = await this.#owned.stop();
        if (ended === null)
          throw new TraceError('SESSION_UNKNOWN', `disarm: nothing is watched as "${settings.topic}"`);
        send(answer(ended, 'disarm', message));
        return;
      }
      case 'explain':
        message.topic = settings.topic;
        message.payload = {
          session: null,
          topic: settings.topic,
          state: null,
          commands: explainWatch(settings),
        };
        message['ftrace'] = { session: null, kind: 'explain' };
        send(message);
        return;
      default:
        throw new TraceError('SESSION_STATE', `${action} of a watch; it can be armed and disarmed`);
    }
  }

  close(): Promise<void> {
    if (this.#start !== null) clearTimeout(this.#start);
    return this.#owned.close();
  }

  #show({ state, topic, failure }: Watch): void {
    this.#surface.status.show(state, { topic, code: failure === null ? '' : codeOf(failure) });
  }
}

function answer(watch: Watch, kind: string, message: NodeMessage): NodeMessage {
  const { id, topic, state, files, settings } = watch;
  message.topic = topic;
  message.payload = {
    session: id,
    topic,
    state,
    instances: watch.instances,
    kernel: os.release(),
    commands: [...files.commands],
    settings: {
      selectors: settings.selectors.map(({ text }) => text),
      exclude: settings.exclude.map(({ text }) => text),
      muted: settings.muted,
      bufferKb: settings.bufferKb,
    },
  };
  message['ftrace'] = { session: id, kind };
  return message;
}
