/**
 * From a signal in the kernel to its alert on the output of signal-filter, in a real Node-RED, while another traced
 * process makes system calls: flat out, or some thousands a second. Both clocks are CLOCK_MONOTONIC.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isInstalled } from './measure';
import { makeUserDir, flowNode, ROOT } from './node-red';
import type { Row } from './table';

const SIGNALS = 400;
const LIMIT_MS = 120_000;

/**
 * `alerts SIGNALS PAUSE`: a child makes calls, PAUSE microseconds apart (0 flat out); another has handlers; the parent
 * sends it SIGUSR1 and SIGTERM in turns, 10 ms apart, and ends both.
 */
const SOURCE = `#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static void handle(int number) { (void)number; }
int main(int argc, char **argv) {
  int pause_us = atoi(argv[argc - 1]);
  signal(SIGUSR1, handle);
  signal(SIGTERM, handle);
  pid_t target = fork();
  if (target == 0) for (;;) pause();
  pid_t calls = fork();
  if (calls == 0) for (;;) {
    syscall(SYS_getppid);
    if (pause_us > 0) usleep(pause_us);
  }
  for (int sent = 0; sent < atoi(argv[argc - 2]); sent++) {
    usleep(10000);
    kill(target, sent % 2 ? SIGTERM : SIGUSR1);
  }
  kill(calls, SIGKILL);
  kill(target, SIGKILL);
  while (wait(0) > 0);
  return 0;
}
`;

/** Critical ones are never held: each must arrive by itself. */
const RULES = [
  {
    name: 'bench',
    when: { signal: ['USR1', 'TERM'], origin: 'kill', target: { comm: 'alerts' } },
    verdict: 'unexpected',
    severity: 'critical',
  },
];

const SETTINGS = `
const arrived = [];
const bench = {
  arrived(alert) {
    if (alert.rule === 'bench') arrived.push([Number(process.hrtime.bigint()) / 1e6 - alert.signal.ts * 1e3, alert.count]);
  },
  end(trace) {
    const delays = arrived.map(([delay]) => delay).sort((a, b) => a - b);
    const at = (part) => delays[Math.min(delays.length - 1, Math.floor(delays.length * part))];
    const alerts = arrived.reduce((sum, [, count]) => sum + count, 0);
    const measured = { alerts, p50: at(0.5), p99: at(0.99), max: at(1), events: trace.events, lost: trace.lost };
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

function flow(program: string, events: 'lifecycle' | 'all', pauseUs: number): unknown[] {
  const call = (id: string, func: string): unknown =>
    flowNode(id, 'function', [[]], { func: `${func}\nreturn null;`, outputs: 1, libs: [] });
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    flowNode('inject', 'inject', [['configure']], { props: [], once: true, onceDelay: '2', repeat: '' }),
    flowNode('configure', 'ftrace-configure', [['run']], { topic: 'bench', events }),
    flowNode('run', 'run-workload', [['source'], [], []], {
      command: program,
      commandType: 'str',
      args: [String(SIGNALS), String(pauseUs)],
    }),
    flowNode('source', 'trace-source', [['parse']], { source: 'session', form: 'batch' }),
    flowNode('parse', 'lifecycle-parse', [['filter'], ['end']], { stages: '', stagesType: 'all' }),
    flowNode('filter', 'signal-filter', [['arrived'], []], { rules: JSON.stringify(RULES) }),
    call('arrived', 'global.get("bench").arrived(msg.payload);'),
    call('end', 'if (msg.complete) setTimeout(() => global.get("bench").end(msg.payload.trace), 200);'),
    flowNode('catch', 'catch', [['failed']], { scope: null }),
    call('failed', 'node.error(msg.error.message); global.get("bench").fail();'),
  ];
}

interface Measured {
  readonly alerts: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly events: number;
  readonly lost: number | null;
}

function alertRow(
  folder: string,
  program: string,
  tool: string,
  events: 'lifecycle' | 'all',
  pauseUs: number,
): Row {
  const userDir = path.join(folder, `${events}-${pauseUs}`);
  mkdirSync(userDir);
  makeUserDir(userDir, SETTINGS, flow(program, events, pauseUs));
  const script = path.join(ROOT, 'node_modules/node-red/red.js');
  const began = performance.now();
  const done = spawnSync(process.execPath, [script, '--userDir', userDir], {
    cwd: userDir,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: { ...process.env, HOME: userDir },
  });
  const printed = /^MEASURED (.*)$/m.exec(done.stdout)?.[1];
  if (printed === undefined) {
    const said = `${done.stdout}${done.stderr}`.trim().split('\n').slice(-3).join(' | ');
    return { tool, seconds: null, result: said };
  }
  const { alerts, p50, p99, max, events: traced, lost } = JSON.parse(printed) as Measured;
  const delays = `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`;
  const result = `${alerts} of ${SIGNALS} alerts, ${delays}; ${traced} events, ${lost ?? '?'} lost`;
  return { tool, seconds: (performance.now() - began) / 1000, result };
}

/** Needs root, tracefs, gcc, and Node-RED among our own dependencies. */
export function alertRows(folder: string): Row[] {
  if (!isInstalled('gcc')) return [{ tool: 'signal-filter', seconds: null, result: 'gcc is not installed' }];
  const program = path.join(folder, 'alerts');
  writeFileSync(`${program}.c`, SOURCE);
  execFileSync('gcc', ['-O1', '-o', program, `${program}.c`]);
  return [
    alertRow(folder, program, 'lifecycle events, beside calls flat out', 'lifecycle', 0),
    alertRow(folder, program, 'all calls, beside some 8,000 a second', 'all', 60),
    alertRow(folder, program, 'all calls, beside calls flat out', 'all', 0),
  ];
}
