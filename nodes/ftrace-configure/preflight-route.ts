import type { NodeAPI } from 'node-red';
import { inspectTracing } from '../../src/index';
import { asError } from '../adapter/as-error';

/** GET tracelife/preflight: what the machine that Node-RED runs on allows, for the dialog. */
export function registerPreflight(RED: NodeAPI): void {
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
