/** The dialog of signal-filter as a user has it: rules by form, by drag and as JSON, presets, dry run, learning. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { Theme } from '../harness/editor-browser';
import type { FlowNode } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { EditorWithNodeRed } from './editor-with-node-red';

type Written = Readonly<Record<string, unknown>>;

/** One that the form shows, one that is too deep for it, one with what the form never touches. */
const RULES: readonly Written[] = [
  {
    name: 'restart by systemd',
    when: { signal: ['SIGTERM', 'KILL'], sender: { comm: 'systemd' }, target: { comm: 'postgres*' } },
    verdict: 'expected',
  },
  {
    name: 'deep',
    when: {
      any: [
        { signal: 'TERM', 'target.uid': 0 },
        { all: [{ any: [{ number: { above: 33 } }, { fatal: true }] }] },
      ],
    },
    verdict: 'unexpected',
    severity: 'critical',
  },
  {
    name: 'escalation',
    when: { signal: 'SIGKILL' },
    after: { when: { signal: 'SIGTERM' }, within: 10 },
    except: [{ sender: { comm: 'bash' }, reason: 'by hand', until: '2030-01-01' }],
    verdict: 'unexpected',
    repeats: { by: 'signal', every: 30 },
    requires: 'complete',
  },
];

function flow(rules: unknown, more: Written = {}): FlowNode[] {
  const text = typeof rules === 'string' ? rules : JSON.stringify(rules);
  return [
    { id: 'tab', type: 'tab', label: 'rules' },
    {
      id: 'filter',
      type: 'signal-filter',
      z: 'tab',
      x: 200,
      y: 100,
      wires: [[], []],
      name: '',
      rules: text,
      minSeverity: 'info',
      intervalSeconds: 60,
      ...more,
    },
  ];
}

describe('the rules in the dialog of signal-filter', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { browser: true });
    both = await EditorWithNodeRed.start({ flows: flow(RULES) });
  });
  after(() => both?.close());

  const find = (selector: string): Locator => both!.editor.page.locator(selector);
  const rows = (): Locator => find('#tracelife-rules > li');
  const words = (): Promise<string[]> => find('#tracelife-rules .tracelife-rule-words').allInnerTexts();
  const open = (): Promise<void> => both!.editor.openDialog('filter');
  const saved = (): Promise<string> =>
    both!.editor.page.evaluate(() => {
      const page = globalThis as unknown as { RED: { nodes: { node: (id: string) => { rules: string } } } };
      return page.RED.nodes.node('filter').rules;
    });

  for (const theme of ['light', 'dark'] as Theme[]) {
    it(`shows each rule in words, ${theme}`, async () => {
      await both!.reopen({ theme });
      await open();
      assert.deepEqual(await words(), [
        'SIGTERM or SIGKILL from systemd to postgres*: expected',
        "SIGTERM where target's user id is 0 or any signal where (signal number is above 33 or it ends the target): unexpected, critical",
        'SIGKILL within 10 s after SIGTERM to the same process, except any signal from bash (by hand), until 2030-01-01, on complete evidence: unexpected, error',
      ]);
      await both!.editor.screenshot(`rules-${theme}`);
      await rows().nth(2).locator('.tracelife-rule-head').click();
      await both!.editor.screenshot(`rules-form-${theme}`);
      await rows().nth(1).locator('.tracelife-rule-head').click();
      await both!.editor.screenshot(`rules-deep-${theme}`);
      await both!.editor.closeDialog('cancel');
    });
  }
});
