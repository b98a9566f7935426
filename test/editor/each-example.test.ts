/** The example of each node: imported from the menu, deployed, and pressed for what its comment promises. */
import assert from 'node:assert/strict';
import { needs } from '../harness/requirements';
import type { DebugMessage } from '../harness/comms-socket';
import { ownInstances } from '../live/tracing-state';
import { EditorWithNodeRed } from './editor-with-node-red';

describe('the example of', function () {
  this.timeout(60_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { tracefs: true, browser: true });
    both = await EditorWithNodeRed.start();
  });
  after(() => both?.close());

  async function deploy(type: string): Promise<void> {
    both!.nodeRed.forget();
    await both!.deployExample('nodes', type);
    assert.deepEqual(await both!.editor.invalidNodes(), []);
    assert.deepEqual(await both!.editor.misplacedNodes(), []);
  }

  /** Presses the button and gives the first message that the debug node then shows. */
  async function press(
    button: string,
    debugNode: string,
    matches: (value: unknown) => boolean = () => true,
  ): Promise<unknown> {
    both!.nodeRed.forget();
    await both!.editor.pressButton(button);
    return next(debugNode, matches);
  }

  async function next(
    debugNode: string,
    matches: (value: unknown) => boolean = () => true,
  ): Promise<unknown> {
    const message = await both!.nodeRed.nextDebug(({ id, value }) => id === debugNode && matches(value));
    return message.value;
  }

  function shownBy(debugNode: string): DebugMessage[] {
    return both!.nodeRed.debugMessages.filter(({ id }) => id === debugNode);
  }

  it('ftrace-configure arms a session, shows what it wrote to the kernel, and removes it', async () => {
    await deploy('ftrace-configure');
    const { pid } = both!.nodeRed;
    const explained = await press('explain: only say how', 'configure-commands');
    assert.match((explained as string[]).join('\n'), /mkdir \/sys\/kernel\/tracing\/instances/);
    assert.deepEqual(ownInstances(pid), []);
    const state = await press('arm', 'configure-state', (value) => value !== null);
    assert.equal(state, 'armed');
    assert.equal(ownInstances(pid).length, 2);
    const written = await next('configure-commands');
    for (const instance of ownInstances(pid))
      assert.match((written as string[]).join('\n'), new RegExp(instance));
    await both!.editor.waitForStatus('configure-configure', /^armed$/);
    assert.equal(await press('disarm', 'configure-state'), 'ended');
    assert.deepEqual(ownInstances(pid), []);
    await both!.editor.waitForStatus('configure-configure', /^ended$/);
  });

  it('run-workload runs a command without a session, shows its lines, and ends it when asked', async () => {
    await deploy('run-workload');
    assert.equal(await press('start', 'run-stdout'), 'line 1');
    const started = (await next('run-state')) as { traced: boolean; pid: number };
    assert.equal(started.traced, false);
    await both!.editor.waitForStatus('run-run', `pid ${started.pid}, untraced`);
    await both!.editor.waitForDebug('line 1');
    const ended = (await press('msg.kill: SIGTERM', 'run-state')) as Record<string, unknown>;
    assert.deepEqual([ended.state, ended.pid, ended.signal], ['exited', started.pid, 'SIGTERM']);
    await both!.editor.waitForStatus('run-run', /^killed by SIGTERM$/);
  });

  it('trace-source sends three forms of the same events', async () => {
    await deploy('trace-source');
    const text = await press('read', 'source-lines');
    assert.match(String(text), /^# tracer: nop/);
    const event = (await next('source-one')) as { name: string };
    assert.match(event.name, /^sys_enter_/);
    const counted = await both!.editor.waitForStatus('source-text', /^events: \d+$/);
    for (const node of ['source-event', 'source-array']) await both!.editor.waitForStatus(node, counted);
    const lengths = shownBy('source-count').map(({ value }) => Number(value));
    const sum = lengths.reduce((total, length) => total + length, 0);
    assert.equal(`events: ${sum}`, counted);
  });

  it('lifecycle-parse tells the outline of a life, and reports', async () => {
    await deploy('lifecycle-parse');
    await press('parse', 'parse-stages', (text) => String(text).includes('; the trace ended'));
    const stages = shownBy('parse-stages').map(({ value }) => String(value));
    assert.ok(stages.some((text) => /^sleep \(\d+\) was killed by SIGKILL/.test(text)));
    // The example chooses the outline only.
    assert.ok(!stages.some((text) => text.includes(' mapped ')));
    const report = await next(
      'parse-records',
      (value) => (value as { schema?: string }).schema === 'lifecycle/1',
    );
    assert.equal((report as { processes: unknown[] }).processes.length, 2);
    assert.equal(shownBy('parse-records').length, 3);
    await both!.editor.waitForStatus('parse-parse', /^processes: 2$/);
  });

  it('signal-filter lets a rule of the user go before the default verdicts', async () => {
    await deploy('signal-filter');
    await press('judge', 'filter-expected', (reason) => reason === 'the flow asked for it');
    await both!.editor.waitForStatus('filter-filter', /^expected: 3$/);
    assert.deepEqual(shownBy('filter-alert'), []);
  });

  it('every node causes no error in the page, and asks nothing from the network', () => {
    const { editor, nodeRed } = both!;
    assert.deepEqual(editor.errors, []);
    assert.deepEqual(editor.refused, []);
    assert.doesNotMatch(nodeRed.output, /\[error\]/);
  });
});
