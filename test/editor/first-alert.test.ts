/** How far it is from the installed package to the first alert: counted in what a newcomer has to do. */
import assert from 'node:assert/strict';
import { needs } from '../harness/requirements';
import { EditorWithNodeRed, NOBODY } from './editor-with-node-red';

/** In the page: what the user did there. */
interface Counted {
  readonly did: { clicks: number; keys: number };
  readonly addEventListener: (
    what: string,
    see: (event: { isTrusted: boolean }) => void,
    early: boolean,
  ) => void;
}

describe('the first alert of a newcomer', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    // Without the right to trace, as most begin.
    await needs(this, { root: true, browser: true });
    both = await EditorWithNodeRed.start({ user: NOBODY });
  });
  after(() => both?.close());

  it('is three steps away, import, deploy and press, with no key pressed and no rule written', async () => {
    const { nodeRed, editor } = both!;
    await editor.page.evaluate(() => {
      const page = globalThis as unknown as { -readonly [K in keyof Counted]: Counted[K] };
      page.did = { clicks: 0, keys: 0 };
      page.addEventListener('click', ({ isTrusted }) => (page.did.clicks += isTrusted ? 1 : 0), true);
      page.addEventListener('keydown', ({ isTrusted }) => (page.did.keys += isTrusted ? 1 : 0), true);
    });
    await both!.deployExample('1 Life of a process');
    await editor.pressButton('follow a life');
    assert.match(await editor.waitForDebug(/was killed \(SIGKILL\) by its parent/), /alert/);
    const { clicks, keys } = await editor.page.evaluate(() => (globalThis as unknown as Counted).did);
    assert.equal(keys, 0);
    // Menu, Import, Examples, the package's folder, the file, Import; Deploy; the button.
    assert.equal(clicks, 8);
    const { flows } = (await nodeRed.request('GET', '/flows')) as {
      flows: { type: string; rules?: string }[];
    };
    const filters = flows.filter(({ type }) => type === 'signal-filter');
    assert.deepEqual(
      filters.map(({ rules }) => rules),
      ['[]'],
    );
  });
});
