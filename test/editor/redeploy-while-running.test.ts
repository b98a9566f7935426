/** Deploys, stops and crashes in the middle of a run: nothing may be left in the kernel or in the process table. */
import assert from 'node:assert/strict';
import { EditorBrowser } from '../harness/editor-browser';
import { NodeRedProcess } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { isAlive, ownInstances } from '../live/tracing-state';
import { EditorWithNodeRed } from './editor-with-node-red';
import { childrenOf, tracefsDescriptors, until } from './left-behind';

interface Started {
  readonly pid: number;
  readonly parentPid: number;
}

describe('a run that is cut short', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { tracefs: true, browser: true });
    both = await EditorWithNodeRed.start();
    await both.deployExample('1 Life of a process');
  });
  after(() => both?.close());

  /** The signal is sent so late that the run only ends when something ends it. */
  async function killAfter(editor: EditorBrowser, seconds: number): Promise<void> {
    await editor.openDialog('life-run');
    await editor.page.fill('#node-input-killAfter', String(seconds));
    await editor.closeDialog();
    await editor.deploy();
  }

  async function startARun({ nodeRed, editor }: EditorWithNodeRed): Promise<Started> {
    nodeRed.forget();
    await editor.pressButton('follow a life');
    const { value } = await nodeRed.nextDebug(({ id }) => id === 'life-state');
    const started = value as Started & { state: string };
    assert.equal(started.state, 'started');
    return started;
  }

  it('by five deploys leaves no instance, descriptor or process', async () => {
    const { nodeRed, editor } = both!;
    await killAfter(editor, 40);
    const runs: Started[] = [];
    for (const round of [1, 2, 3, 4, 5]) {
      runs.push(await startARun(both!));
      await killAfter(editor, 40 + round);
    }
    const pids = runs.flatMap(({ pid, parentPid }) => [pid, parentPid]);
    await until(() => !pids.some(isAlive), `${pids.join()} to be gone`);
    assert.deepEqual(ownInstances(nodeRed.pid), []);
    assert.deepEqual(tracefsDescriptors(nodeRed.pid), []);
    assert.deepEqual(childrenOf(nodeRed.pid), []);
    assert.doesNotMatch(nodeRed.output, /\[error\]/);
  });

  it('by SIGKILL of Node-RED is swept by the next start and run', async () => {
    const { nodeRed, editor } = both!;
    const abandoned = await startARun(both!);
    const instances = ownInstances(nodeRed.pid);
    assert.equal(instances.length, 2);
    await editor.close();
    await nodeRed.crash();
    assert.deepEqual(ownInstances(nodeRed.pid), instances);
    const again = await NodeRedProcess.start({ userDir: nodeRed.userDir });
    await again.inject('life-inject');
    await again.nextDebug(({ id }) => id === 'life-state');
    assert.deepEqual(ownInstances(nodeRed.pid), []);
    await until(
      () => !isAlive(abandoned.pid) && !isAlive(abandoned.parentPid),
      'the abandoned run to be gone',
    );
    both = await EditorWithNodeRed.on(again);
  });

  it('by the end of Node-RED leaves nothing either', async () => {
    const { nodeRed, editor } = both!;
    await until(() => ownInstances(nodeRed.pid).length === 2, 'the run to go on');
    const children = childrenOf(nodeRed.pid);
    assert.equal(children.length, 1);
    assert.deepEqual(editor.errors, []);
    await both!.close();
    both = undefined;
    assert.deepEqual(ownInstances(nodeRed.pid), []);
    assert.ok(!children.some(isAlive));
    assert.doesNotMatch(nodeRed.output, /\[error\]|Close timed out/);
  });
});
