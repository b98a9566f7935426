/** What our nodes need of Node-RED's settings.js. */
import type { NodeAPI } from 'node-red';
import { readLimits, type Limits } from './limits';

/** @throws TraceError CONFIG_INVALID */
export function limitsOf(RED: NodeAPI): Limits {
  const { ftraceLife } = RED.settings as unknown as Readonly<Record<string, unknown>>;
  return readLimits(ftraceLife, userFolder(RED) ?? process.cwd());
}

/** Where Node-RED keeps its files; null where it keeps none. */
export function userFolder(RED: NodeAPI): string | null {
  const { userDir } = RED.settings as unknown as Readonly<Record<string, unknown>>;
  return typeof userDir === 'string' && userDir !== '' ? userDir : null;
}
