/** What the package looks like: palette, dialogs and help, in both themes and both languages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Theme } from '../harness/editor-browser';
import type { FlowNode } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { EditorWithNodeRed } from './editor-with-node-red';

/** Each type, and its node in the first example. */
const NODES = {
  'ftrace-configure': 'life-configure',
  'run-workload': 'life-run',
  'trace-source': 'life-source',
  'lifecycle-parse': 'life-parse',
  'signal-filter': 'life-filter',
};

interface Box {
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

interface PageElement {
  readonly tagName: string;
  readonly id: string;
  readonly placeholder?: string;
  readonly textContent: string | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly getBoundingClientRect: () => Box;
  readonly querySelectorAll: (of: string) => Iterable<PageElement>;
}

interface Pen {
  font: string;
  readonly measureText: (text: string) => { readonly width: number };
}

interface Page {
  readonly document: {
    readonly querySelector: (of: string) => PageElement | null;
    readonly createElement: (name: 'canvas') => { readonly getContext: (kind: '2d') => Pen };
  };
  readonly getComputedStyle: (element: PageElement) => { readonly font: string };
}

function example(): FlowNode[] {
  const file = path.join(process.cwd(), 'examples/1 Life of a process.json');
  return JSON.parse(readFileSync(file, 'utf8')) as FlowNode[];
}

describe('the look of the package in the editor', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { browser: true });
    // Nothing is pressed here; the runtime's texts are Chinese, the editor's are its browser's.
    both = await EditorWithNodeRed.start({ flows: example(), settings: { lang: 'zh-CN' } });
  });
  after(() => both?.close());

  /** What sticks out of the dialog, and labels, placeholders and choices whose text is cut. */
  function misfits(): Promise<string[]> {
    return both!.editor.page.evaluate(() => {
      const page = globalThis as unknown as Page;
      const form = page.document.querySelector('#dialog-form')!;
      const { left, right } = form.getBoundingClientRect();
      const pen = page.document.createElement('canvas').getContext('2d');
      const widthOf = (text: string, element: PageElement): number => {
        pen.font = page.getComputedStyle(element).font;
        // A machine without a Chinese font draws narrower boxes; a W is about as wide as a character.
        return pen.measureText(text.replace(/[\u2e80-\uffef]/g, 'W')).width;
      };
      /** Beside the text: the field's padding and border, and a choice's arrow. */
      const room = (element: PageElement): number =>
        element.clientWidth - (element.tagName === 'SELECT' ? 40 : 14);
      const textsOf = (element: PageElement): string[] =>
        element.tagName === 'SELECT'
          ? [...element.querySelectorAll('option')].map((option) => option.textContent ?? '')
          : element.tagName === 'INPUT' && element.placeholder
            ? [element.placeholder]
            : [];
      return [
        ...form.querySelectorAll(
          'input, select, textarea, label, ol, .form-tips, .red-ui-typedInput-container',
        ),
      ]
        .filter((element) => {
          const box = element.getBoundingClientRect();
          if (box.width === 0) return false;
          const isCut =
            (element.tagName === 'LABEL' && element.scrollWidth > element.clientWidth + 1) ||
            textsOf(element).some((text) => widthOf(text, element) > room(element));
          return box.left < left - 1 || box.right > right + 1 || isCut;
        })
        .map(({ tagName, id, textContent }) => `${tagName} ${id} ${textContent?.trim() ?? ''}`);
    });
  }

  /** Opens each dialog, where everything must fit, and looks closer. */
  async function lookAtDialogs(lookCloser: (type: string) => Promise<unknown>): Promise<void> {
    const { editor } = both!;
    for (const [type, id] of Object.entries(NODES)) {
      await editor.openDialog(id);
      if (type === 'ftrace-configure')
        await editor.page.waitForSelector('#tracelife-preflight', { state: 'visible' });
      assert.deepEqual(await misfits(), [], type);
      await lookCloser(type);
      await editor.closeDialog('cancel');
    }
  }

  for (const theme of ['light', 'dark'] as Theme[]) {
    it(`has five nodes in the palette, ${theme}`, async () => {
      await both!.reopen({ theme });
      const { page } = both!.editor;
      const palette = page.locator('#red-ui-palette-tracelife .red-ui-palette-node');
      await palette.first().scrollIntoViewIfNeeded();
      assert.deepEqual(
        (await palette.allInnerTexts()).map((text) => text.trim().replace(/\s+/g, '-')).sort(),
        Object.keys(NODES).sort(),
      );
      await both!.editor.screenshot(`palette-${theme}`);
    });

    it(`has dialogs in which everything has room, ${theme}`, () =>
      lookAtDialogs((type) => both!.editor.screenshot(`dialog-${type}-${theme}`)));
  }

  it('shows the list of variables in the dialog of run-workload, and keeps what is entered', async () => {
    const { editor } = both!;
    await editor.openDialog('life-run');
    const row = editor.page.locator('.form-row:has(#tracelife-env)');
    await row.scrollIntoViewIfNeeded();
    await row.locator('.red-ui-editableList-addButton').click();
    await row.locator('.tracelife-env-name').fill('LANG');
    await row.locator('.tracelife-env-value').fill('C');
    await editor.screenshot('dialog-variables-dark');
    await editor.closeDialog();
    await editor.openDialog('life-run');
    assert.equal(await row.locator('.tracelife-env-name').inputValue(), 'LANG');
    assert.equal(await row.locator('.tracelife-env-value').inputValue(), 'C');
    await editor.closeDialog('cancel');
  });

  it('speaks Chinese where the browser does', async () => {
    await both!.reopen({ locale: 'zh-CN' });
    const { editor } = both!;
    await lookAtDialogs(async () => {
      const labels = await editor.page.locator('#dialog-form .form-row > label').allInnerTexts();
      for (const label of labels.filter((text) => text.trim() !== '')) assert.match(label, /\p{Script=Han}/u);
    });
    assert.match(await editor.helpText('ftrace-configure'), /建立一个 ftrace 会话/);
    await editor.screenshot('help-zh-CN');
  });

  it('says below a node without settings that they need a look, and not a code', async () => {
    const { nodeRed, editor } = both!;
    const tab = { id: 'bare-tab', type: 'tab', label: 'bare' };
    await nodeRed.deploy([
      tab,
      { id: 'bare', type: 'run-workload', z: 'bare-tab', x: 200, y: 100, wires: [[], [], []] },
    ]);
    const status = await nodeRed.nextStatus('bare');
    assert.deepEqual(status, { id: 'bare', fill: 'red', shape: 'ring', text: '设置无效' });
    assert.deepEqual(editor.errors, []);
  });

  it('asks nothing from the network, and the page has no error', () => {
    assert.deepEqual(both!.editor.refused, []);
    assert.deepEqual(both!.editor.errors, []);
  });
});
