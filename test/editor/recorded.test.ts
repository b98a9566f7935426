/** The examples for a Node-RED that may not trace: the recorded life, and the first example falling back to it. */
import assert from 'node:assert/strict';
import { needs } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';
import { EditorWithNodeRed, NOBODY } from './editor-with-node-red';

/** The outline of examples/life-of-a-process.trace.txt. */
const OUTLINE = [
  /forked \w+ \(\d+\) by clone$/,
  /^sleep \(\d+\) runs \S*\/sleep$/,
  /^sleep \(\d+\) mapped \S*\/libc\.so\.6 at 0x/,
  /^sleep \(\d+\) was killed by SIGKILL/,
  /^sleep \(\d+\) was reaped by \w+ \(\d+\) with wait4$/,
  /; the trace ended after .* nothing lost$/,
];

describe('the examples in the editor of a Node-RED that may not trace', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { root: true, browser: true });
    both = await EditorWithNodeRed.start({ user: NOBODY });
  });
  after(() => both?.close());

  /** What a debug node shows of one life, to its end. */
  async function storyOf(storyNode: string): Promise<string[]> {
    const { nodeRed } = both!;
    await nodeRed.nextDebug(
      ({ id, value }) => id === storyNode && String(value).includes('; the trace ended'),
    );
    return nodeRed.debugMessages.filter(({ id }) => id === storyNode).map(({ value }) => String(value));
  }

  function checkStory(story: readonly string[]): void {
    const found = OUTLINE.map((stage) => story.findIndex((text) => stage.test(text)));
    assert.ok(!found.includes(-1), story.join('\n'));
    assert.deepEqual(
      found,
      [...found].sort((a, b) => a - b),
    );
  }

  it('tell the recorded life of the second example', async () => {
    const { nodeRed, editor } = both!;
    await both!.deployExample('2 Life of a process, recorded');
    assert.deepEqual(await editor.invalidNodes(), []);
    assert.deepEqual(await editor.misplacedNodes(), []);
    await editor.pressButton('tell the life');
    checkStory(await storyOf('recorded-story'));
    assert.match(await editor.waitForDebug(/was killed \(SIGKILL\) by its parent/), /alert/);
    const alerts = nodeRed.debugMessages.filter(({ id }) => id === 'recorded-alert');
    assert.equal(alerts.length, 1);
    await editor.waitForStatus('recorded-source', /^events: \d+$/);
    await editor.waitForStatus('recorded-filter', /^alerts: 1$/);
    await editor.fitFlow();
    await editor.screenshot('recorded-light');
  });

  it('fall back to the recorded life in the first example, and say so', async () => {
    const { nodeRed, editor } = both!;
    nodeRed.forget();
    await both!.deployExample('1 Life of a process');
    assert.deepEqual(await editor.invalidNodes(), []);
    assert.deepEqual(await editor.misplacedNodes(), []);
    await editor.pressButton('follow a life');
    await editor.waitForStatus('life-configure', /^recorded trace$/);
    await editor.waitForStatus('life-run', /^not run: recorded$/);
    const { value } = await nodeRed.nextDebug(({ id }) => id === 'life-state');
    const state = value as { state: string; replay: string; why: string };
    assert.equal(state.state, 'replaying');
    assert.match(state.replay, /life-of-a-process\.trace\.txt$/);
    assert.match(state.why, /no permission to use tracefs|tracefs is not mounted/);
    await editor.waitForDebug('Tracing is unavailable, so the recorded trace');
    checkStory(await storyOf('life-story'));
    await editor.waitForStatus('life-source', /^events: \d+$/);
    await editor.waitForStatus('life-filter', /^alerts: 1$/);
    await editor.fitFlow();
    await editor.screenshot('fallback-light');
  });

  it('say in the form what is missing, with the command that fixes it', async () => {
    const { editor } = both!;
    await editor.openDialog('life-configure');
    const tips = editor.page.locator('#tracelife-preflight');
    await tips.filter({ hasText: 'with its current permissions and settings' }).waitFor();
    assert.ok((await tips.locator('code').count()) > 0);
    await editor.screenshot('fallback-dialog-light');
    await editor.closeDialog('cancel');
  });

  it('need no tracing, no network, and cause no error', () => {
    const { nodeRed, editor } = both!;
    assert.deepEqual(ownInstances(nodeRed.pid), []);
    assert.deepEqual(editor.refused, []);
    assert.deepEqual(editor.errors, []);
    assert.doesNotMatch(nodeRed.output, /\[error\]/);
  });
});
