/** The trace that a message asks trace-source for. */
import { resolve } from 'node:path';
import type { NodeMessage } from 'node-red';
import {
  findSession,
  findWatch,
  openTraceFile,
  replay,
  type Session,
  type TraceSource,
  type Watch,
} from '../../src/index';
import { InvalidValue, TraceError } from '../../src/trace-error';
import type { EventBatch } from '../../src/trace-event';
import { requireReadable } from '../adapter/readable-files';
import type { NodeSurface } from '../adapter/node-controller';
import type { TypedInput } from '../adapter/typed-input';
import { metadataOf, topicOf } from '../messages/message-metadata';
import { sliceBatch } from './slice-batch';

/** Live events of a session, or a file. */
export type WantedTrace =
  { readonly kind: 'session'; readonly session: Session } | { readonly kind: 'file'; readonly path: string };

export interface OpenTrace {
  readonly source: TraceSource;
  readonly batches: AsyncIterable<EventBatch>;
}

/** The watch that the message names; null where it names a session. */
export function liveWatch(message: NodeMessage): Watch | null {
  const topic = topicOf(message);
  const watch = topic === null ? undefined : findWatch(topic);
  return watch !== undefined && watch.id === metadataOf(message).session ? watch : null;
}

/** @throws TraceError SESSION_UNKNOWN */
export function liveSession(message: NodeMessage): Session {
  const topic = topicOf(message);
  const session = topic === null ? undefined : findSession(topic);
  const { session: id } = metadataOf(message);
  if (session !== undefined && (typeof id !== 'string' || id === session.id)) return session;
  throw new TraceError(
    'SESSION_UNKNOWN',
    topic === null
      ? 'the message names no session; wire ftrace-configure before this node'
      : `nothing is armed as "${topic}"`,
  );
}

/** Whether the deployed node says it, or the environment that it is deployed in. */
export function isFixed({ type }: TypedInput): boolean {
  return type === 'str' || type === 'env';
}

/** `msg.filename`, or else the node's own file. @throws TraceError MESSAGE_INVALID, FILE_DENIED, TRACE_MISSING */
export async function filePath(
  surface: Pick<NodeSurface<never>, 'valueOf' | 'limits'>,
  file: TypedInput,
  message: NodeMessage,
): Promise<string> {
  const override = message['filename'];
  const isOverridden = typeof override === 'string' && override !== '';
  const path: unknown = isOverridden ? override : await surface.valueOf(file, message);
  // Made absolute, so that a file's name is never one of the signs that mean standard input.
  if (typeof path === 'string' && path !== '') {
    return !isOverridden && isFixed(file) ? resolve(path) : requireReadable(path, surface.limits);
  }
  if (file.type === 'str')
    throw new TraceError('MESSAGE_INVALID', 'neither the node nor msg.filename names a file');
  throw new InvalidValue(`${file.type}.${file.value}`, 'the path of a file', path, {
    code: 'MESSAGE_INVALID',
  });
}

/** @throws TraceError TRACE_MISSING, TRACE_FORMAT */
export async function openTrace(wanted: WantedTrace, speed: number, abort: AbortSignal): Promise<OpenTrace> {
  if (wanted.kind === 'session') return { source: 'raw', batches: wanted.session.batches() };
  const { source, batches } = await openTraceFile(wanted.path);
  return { source, batches: replay(batches, { speed, signal: abort, slice: sliceBatch }) };
}
