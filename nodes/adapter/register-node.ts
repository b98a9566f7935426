/** How each of our nodes opens: settings are read once, messages and closing are guarded, the status is drawn. */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asError, codeOf } from './as-error';
import { guardClose } from './guard-close';
import { guardInput } from './guard-input';
import type { FailureState, NodeController, NodeSurface } from './node-controller';
import { StatusRenderer, type Looks, type StatusSink } from './status-renderer';
import { limitsOf, userFolder } from './settings-file';
import { readTypedInput } from './typed-input';

export interface NodeKind<Def, Settings, State extends string> {
  readonly type: string;
  readonly looks: Looks<State | FailureState>;
  /** Narrows what the editor saved. An imported flow skips the editor's validators. @throws TraceError CONFIG_INVALID */
  readonly readDef: (def: Def) => Settings;
  /** @throws TraceError where an administrator does not allow such a node */
  readonly open: (settings: Settings, surface: NodeSurface<State>) => NodeController;
}

export function registerNode<Def, Settings, State extends string>(
  RED: NodeAPI,
  { type, looks, readDef, open }: NodeKind<Def, Settings, State>,
): void {
  RED.nodes.registerType(type, function (this: Node, def: NodeDef & Def) {
    RED.nodes.createNode(this, def);
    const text: NodeSurface<State>['text'] = (key, values) => RED._(`${type}.${key}`, values);
    const status = new StatusRenderer(this, looks, text);
    let controller: NodeController;
    try {
      controller = open(readDef(def), {
        id: this.id,
        status,
        send: (message) => {
          this.send(message);
        },
        warn: (warning) => {
          this.warn(warning);
        },
        error: (error) => {
          this.error(error, {});
        },
        text,
        valueOf: (input, message) => readTypedInput(RED, this, input, message),
        userFolder: userFolder(RED),
        limits: limitsOf(RED),
      });
    } catch (thrown) {
      refuseAll(this, status, asError(thrown));
      return;
    }
    guardInput(this, async (message, send) => {
      try {
        await controller.receive(message, send);
      } catch (error) {
        if (controller.keepsStatus !== true) status.show('failed', { code: codeOf(error) });
        throw error;
      }
    });
    guardClose(this, async () => {
      await controller.close();
      status.close();
    });
  });
}

/** For a node that cannot start: each message is answered with the same error, since silence would explain nothing. */
function refuseAll(node: Node, status: StatusSink<FailureState>, error: Error): void {
  status.show('invalid');
  node.error(error, {});
  node.on('input', (_message, _send, done) => {
    done(error);
  });
}
