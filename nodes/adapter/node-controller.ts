/**
 * The border between Node-RED and what a node does. A controller knows no Node-RED: it gets its settings, a surface to
 * report on, and for each message a way to send. So it can be tested without Node-RED.
 */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import type { Limits } from './limits';
import type { StatusSink } from './status-renderer';
import type { TypedInput } from './typed-input';

/** One message for the first output, or one (or null) for each output. */
export type Outgoing = NodeMessage | (NodeMessage | null)[];
export type Send = (message: Outgoing) => void;

/** States that every node has. `invalid`: it cannot start. `failed`: the last message ended in an error. */
export type FailureState = 'invalid' | 'failed';

export interface NodeSurface<State extends string> {
  /** The node's id in the flow. */
  readonly id: string;
  readonly status: StatusSink<State | FailureState>;
  /** Sends what belongs to no message that came in. */
  readonly send: Send;
  readonly warn: (text: string) => void;
  /** For the log and Catch nodes, of what belongs to no message that came in. */
  readonly error: (error: Error) => void;
  /** A text of the node's locale files: `text('warning.replay', { path })`. */
  readonly text: (key: string, values?: Readonly<Record<string, string>>) => string;
  /** The value that a field of the dialog has with this message. */
  readonly valueOf: (input: TypedInput, message: NodeMessage) => Promise<unknown>;
  /** Where Node-RED keeps its files; null where it keeps none. */
  readonly userFolder: string | null;
  /** What an administrator lets flows do. */
  readonly limits: Limits;
}

export interface NodeController {
  /** What it throws goes to Catch nodes, and its code onto the node. */
  receive(message: NodeMessageInFlow, send: Send): void | Promise<void>;
  close(): void | Promise<void>;
  /** True while the status has more to report than that a message was refused. */
  readonly keepsStatus?: boolean;
}
