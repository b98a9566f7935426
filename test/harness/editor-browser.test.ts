import assert from 'node:assert/strict';
import { EditorBrowser, type Theme } from './editor-browser';
import { NodeRedProcess } from './node-red-process';
import { needs } from './requirements';

/** One of the examples that Node-RED itself brings. */
const EXAMPLE = ['node-red', 'common', 'debug', '04 - Output to node status'];

for (const theme of ['light', 'dark'] as Theme[]) {
  describe(`the editor in Chromium, ${theme} theme`, function () {
    this.timeout(120_000);
    let nodeRed: NodeRedProcess;
    let editor: EditorBrowser;
    const opened: (() => Promise<void>)[] = [];
    before(async function () {
      await needs(this, { browser: true });
      nodeRed = await NodeRedProcess.start();
      opened.push(() => nodeRed.stop());
      editor = await EditorBrowser.open(nodeRed.url, { theme });
      opened.push(() => editor.close());
    });
    after(async () => {
      for (const close of opened.reverse()) await close();
    });

    it('wears the theme that was asked for', async () => {
      const isDark = await editor.page.locator('html.nr-theme-dark').count();
      assert.equal(isDark, theme === 'dark' ? 1 : 0);
    });

    it('imports an example through the menu, deploys it, and shows the status that a button causes', async () => {
      await editor.importExample(...EXAMPLE);
      await editor.deploy();
      await editor.pressButton('a5d8e744.a034e8');
      assert.equal(await editor.waitForStatus('b0646a4d.db4bc8', 'Hello'), 'Hello, World!');
      await editor.fitFlow();
      await editor.screenshot(`harness-${theme}`);
    });

    it('opens and closes a dialog', async () => {
      await editor.openDialog('b0646a4d.db4bc8');
      await editor.screenshot(`harness-dialog-${theme}`);
      await editor.closeDialog('cancel');
    });

    it('shows debug messages in the sidebar', async () => {
      await editor.importExample('node-red', 'common', 'debug', '01 - Output payload value');
      await editor.deploy();
      await editor.pressButton('8035b07f.7547e');
      assert.match(await editor.waitForDebug('Hello, World!'), /msg.payload/);
    });

    it('shows the help of a node', async () => {
      assert.match(await editor.helpText('inject'), /Injects a message into a flow/);
    });

    it('asks nothing from the network and reports no error of its own', () => {
      assert.deepEqual(editor.refused, []);
      assert.deepEqual(editor.errors, []);
    });
  });
}
