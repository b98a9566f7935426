/** The examples of the import menu, each in a real Node-RED with the packed package, pressed as a user does. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs } from '../harness/requirements';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import type { DebugMessage } from '../harness/comms-socket';

const EXAMPLES = path.join(process.cwd(), 'examples');
const NOBODY = { uid: 65534, gid: 65534 };

function example(file: string): FlowNode[] {
  return JSON.parse(readFileSync(path.join(EXAMPLES, file), 'utf8')) as FlowNode[];
}

const fromNode = (id: string) => (message: DebugMessage) => message.id === id;

/** Waits, within a limit, until there are as many files. */
async function filesIn(folder: string, count: number): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const files = existsSync(folder) ? readdirSync(folder) : [];
    if (files.length >= count || tries > 400) return files;
    await sleep(100);
  }
}

describe('the examples', function () {
  this.timeout(180_000);
  let nodeRed: NodeRedProcess | null = null;
  const start = async (file: string, user?: typeof NOBODY): Promise<NodeRedProcess> => {
    nodeRed = await NodeRedProcess.start({ flows: example(file), ...(user && { user }) });
    return nodeRed;
  };
  afterEach(async () => {
    await nodeRed?.stop();
    nodeRed = null;
  });

  it('tell the life of a process that really ran, and keep trace, report and alert', async function () {
    await needs(this, { tracefs: true });
    const running = await start('1 Life of a process.json');
    await running.inject('life-inject');
    const state = await running.nextDebug(fromNode('life-state'));
    assert.equal((state.value as { traced: boolean }).traced, true);
    const alert = await running.nextDebug(fromNode('life-alert'));
    assert.match(String(alert.value), /^sleep \(\d+\) was killed \(SIGKILL\)/);
    await running.nextDebug(
      (message) => message.id === 'life-story' && String(message.value).includes('; the trace ended'),
    );
    // The files are written without any message.
    const kept = await filesIn(path.join(running.userDir, 'ftrace-life'), 3);
    const kinds = kept.map((name) => name.replace(/^[\d-]+\./, '')).sort();
    assert.deepEqual(kinds, ['alerts.ndjson', 'report.json', 'trace.txt']);
  });

  it('watch this machine after one press, and tell who killed what', async function () {
    await needs(this, { tracefs: true });
    const running = await start('watch/1 Watch this machine.json');
    await running.inject('watch-machine-arm');
    // It answers when it watches; the alert alone would not tell a death before from none.
    const instances = `ftrace-life-${running.pid}-`;
    while (!readdirSync('/sys/kernel/tracing/instances').some((name) => name.startsWith(instances)))
      await sleep(50);
    const isAlert = fromNode('watch-machine-alert');
    // As somebody does who tries it; again where the watch was not yet on.
    let alert: DebugMessage | null = null;
    while (alert === null) {
      const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
      victim.kill('SIGKILL');
      const text = new RegExp(
        `^sleep \\(${victim.pid}\\) was killed \\(SIGKILL\\) by .*\\(${process.pid}\\)`,
      );
      alert = await Promise.race([
        running.nextDebug((message) => isAlert(message) && text.test(String(message.value))),
        sleep(5_000, null),
      ]);
    }
    await running.inject('watch-machine-disarm');
  });

  it('tell a recorded life where the user may not trace, and say why', async function () {
    await needs(this, { root: true });
    const running = await start('1 Life of a process.json', NOBODY);
    await running.inject('life-inject');
    const warning = await running.nextDebug(fromNode('life-configure'));
    assert.match(JSON.stringify(warning), /Tracing is unavailable, so the recorded trace .* is replayed/);
    const state = await running.nextDebug(fromNode('life-state'));
    assert.equal((state.value as { state: string }).state, 'replaying');
    const alert = await running.nextDebug(fromNode('life-alert'));
    assert.match(String(alert.value), /^sleep \(\d+\) was killed \(SIGKILL\)/);
  });

  const recorded: [string, string, string, RegExp][] = [
    ['2 Life of a process, recorded.json', 'recorded-inject', 'recorded-alert', /was killed \(SIGKILL\)/],
    ['nodes/ftrace-configure.json', 'configure-explain', 'configure-commands', /mkdir/],
    ['nodes/run-workload.json', 'run-start', 'run-stdout', /./],
    ['nodes/trace-source.json', 'source-start', 'source-lines', /# tracer: nop/],
    ['nodes/lifecycle-parse.json', 'parse-start', 'parse-stages', /forked/],
    ['nodes/signal-filter.json', 'filter-start', 'filter-expected', /the flow asked for it/],
  ];
  for (const [file, press, shows, what] of recorded) {
    it(`show something for ${file} without privileges`, async function () {
      await needs(this, { root: true });
      const running = await start(file, NOBODY);
      await running.inject(press);
      const message = await running.nextDebug(
        (shown) => shown.id === shows && what.test(JSON.stringify(shown.value)),
      );
      assert.ok(message);
    });
  }
});
