/**
 * The whole flow inside a real Node-RED, all system calls of one process that makes a million of them: how long the
 * event loop is held up meanwhile (the editor and all other flows wait with it), what is lost, and how much memory.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileCalls } from './calls';
import { isInstalled } from './measure';
import type { Row } from './table';

const CALLS = 1_000_000;
const LIMIT_MS = 120_000;
export const ROOT = path.resolve(__dirname, '../..');
const TOOL = 'ftrace-configure → run-workload → trace-source → lifecycle-parse';

/** What settings.js prints when the report came. Delays in ms. */
interface Measured {
  readonly seconds: number;
  readonly events: number;
  readonly lost: number | null;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Before anything is armed, and the longest while it is armed. */
  readonly idleP99: number;
  readonly armingMax: number;
  readonly megabytes: number;
}

/** A delay is that of a timer that is due each millisecond, less that millisecond. */
const SETTINGS = `
const { readFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const delay = monitorEventLoopDelay({ resolution: 1 });
const ms = (ns) => Math.max(0, ns / 1e6 - 1);
let began = 0;
let idleP99 = 0;
let armingMax = 0;
const bench = {
  idle() { delay.enable(); },
  arm() { idleP99 = ms(delay.percentile(99)); delay.reset(); },
  begin() { armingMax = ms(delay.max); delay.reset(); began = performance.now(); },
  end(trace) {
    delay.disable();
    const [, kilobytes] = /^VmHWM:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    const measured = {
      seconds: (performance.now() - began) / 1000, events: trace.events, lost: trace.lost,
      p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max),
      idleP99, armingMax, megabytes: Number(kilobytes) / 1024,
    };
    console.log('MEASURED ' + JSON.stringify(measured));
    process.kill(process.pid, 'SIGTERM');
  },
  fail() { process.kill(process.pid, 'SIGTERM'); },
};
module.exports = {
  uiHost: '127.0.0.1', uiPort: 0, flowFile: 'flows.json', credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, palette: { catalogues: [] } },
  functionGlobalContext: { bench },
};
`;

/** One node on the tab `tab`. */
export function flowNode(id: string, type: string, wires: string[][], settings: object = {}): unknown {
  return { id, type, z: 'tab', x: 0, y: 0, name: '', wires, ...settings };
}

function flow(program: string): unknown[] {
  const node = flowNode;
  const call = (id: string, func: string, wires: string[][]): unknown =>
    node(id, 'function', wires, { func: `${func}\nreturn msg;`, outputs: 1, libs: [] });
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    node('inject', 'inject', [['idle']], { props: [], once: true, onceDelay: '1', repeat: '' }),
    call('idle', 'global.get("bench").idle();', [['wait']]),
    node('wait', 'delay', [['arm']], { pauseType: 'delay', timeout: '2', timeoutUnits: 'seconds' }),
    call('arm', 'global.get("bench").arm();', [['configure']]),
    node('configure', 'ftrace-configure', [['begin']], { topic: 'bench', events: 'all' }),
    call('begin', 'global.get("bench").begin();', [['run']]),
    node('run', 'run-workload', [['source'], [], []], {
      command: program,
      commandType: 'str',
      args: [String(CALLS)],
    }),
    node('source', 'trace-source', [['parse']], { source: 'session', form: 'batch' }),
    node('parse', 'lifecycle-parse', [[], ['end']]),
    call('end', 'if (msg.complete) global.get("bench").end(msg.payload.trace);', [[]]),
    node('catch', 'catch', [['failed']], { scope: null }),
    call('failed', 'node.error(msg.error.message); global.get("bench").fail();', [[]]),
  ];
}

/** A user directory in which Node-RED finds the package as it was built here. */
export function makeUserDir(folder: string, settings: string, flows: readonly unknown[]): void {
  const scope = path.join(folder, 'node_modules/@tracelife');
  mkdirSync(scope, { recursive: true });
  symlinkSync(ROOT, path.join(scope, 'node-red-ftrace'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
  writeFileSync(path.join(folder, 'settings.js'), settings);
  writeFileSync(path.join(folder, 'flows.json'), JSON.stringify(flows));
}

function resultOf({ events, lost, p50, p99, max, idleP99, armingMax, megabytes }: Measured): string {
  const delays = `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`;
  const idle = `idle p99 ${idleP99.toFixed(1)} ms, arming max ${armingMax.toFixed(1)} ms`;
  return `${events} events, ${lost ?? '?'} lost; event loop delay ${delays} (${idle}); VmHWM ${megabytes.toFixed(0)} MB`;
}

/** One row: needs root, tracefs, gcc, and Node-RED among our own dependencies. */
export function nodeRedRows(folder: string): Row[] {
  if (!isInstalled('gcc')) return [{ tool: TOOL, seconds: null, result: 'gcc is not installed' }];
  makeUserDir(folder, SETTINGS, flow(compileCalls(folder)));
  const script = path.join(ROOT, 'node_modules/node-red/red.js');
  const done = spawnSync(process.execPath, [script, '--userDir', folder], {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: { ...process.env, HOME: folder },
  });
  const printed = /^MEASURED (.*)$/m.exec(done.stdout)?.[1];
  if (printed === undefined) {
    const said = `${done.stdout}${done.stderr}`.trim().split('\n').slice(-3).join(' | ');
    return [{ tool: TOOL, seconds: null, result: said }];
  }
  const measured = JSON.parse(printed) as Measured;
  return [{ tool: TOOL, seconds: measured.seconds, result: resultOf(measured) }];
}
