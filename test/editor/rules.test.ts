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
      name: 'filter',
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
  const errors: string[] = [];
  const refused: string[] = [];
  // Opening the editor anew forgets them.
  afterEach(() => {
    errors.push(...(both?.editor.errors ?? []));
    refused.push(...(both?.editor.refused ?? []));
  });

  const find = (selector: string): Locator => both!.editor.page.locator(selector);
  const rows = (): Locator => find('#tracelife-rules > li');
  const words = (): Promise<string[]> => find('#tracelife-rules .tracelife-rule-words').allInnerTexts();
  const open = (): Promise<void> => both!.editor.openDialog('filter');
  const tab = (label: string): Locator => find(`#tracelife-tabs .red-ui-tab:has-text("${label}")`);
  /** Replaces all that is in a code editor; typed brackets would be closed by it. */
  const write = (place: string, text: string): Promise<void> =>
    both!.editor.page.evaluate(
      ([selector, value]) => {
        interface Model {
          readonly getDomNode: () => { readonly closest: (of: string) => unknown } | null;
          readonly setValue: (text: string) => void;
        }
        const page = globalThis as unknown as { monaco: { editor: { getEditors: () => Model[] } } };
        const found = page.monaco.editor.getEditors().find((each) => each.getDomNode()?.closest(selector!));
        if (found === undefined) throw new Error(`no code editor in ${selector}`);
        found.setValue(value!);
      },
      [place, text],
    );
  /** What is wider than the list, which then scrolls sideways. */
  const tooWide = (): Promise<string[]> =>
    both!.editor.page.evaluate(() => {
      interface Box {
        readonly right: number;
        readonly width: number;
      }
      interface Part {
        readonly className: string;
        readonly getBoundingClientRect: () => Box;
        readonly querySelectorAll: (of: string) => Iterable<Part>;
      }
      const page = globalThis as unknown as { document: { querySelector: (of: string) => Part } };
      const list = page.document.querySelector('#tracelife-rules');
      const { right } = list.getBoundingClientRect();
      return [
        ...list.querySelectorAll('input, select, button, label, a, .tracelife-word, .tracelife-rule-text'),
      ]
        .filter(
          (each) => each.getBoundingClientRect().width > 0 && each.getBoundingClientRect().right > right,
        )
        .map(({ className }) => className);
    });
  const saved = (): Promise<string> =>
    both!.editor.page.evaluate(() => {
      const page = globalThis as unknown as { RED: { nodes: { node: (id: string) => { rules: string } } } };
      return page.RED.nodes.node('filter').rules;
    });

  const parsed = async (): Promise<Written[]> => JSON.parse(await saved()) as Written[];
  const form = (index: number): Locator => rows().nth(index).locator('.tracelife-rule-form');
  const part = (index: number, label: string): Locator =>
    form(index).locator(`xpath=./div[label[text()=${JSON.stringify(label)}]]`);
  /** The node as it was, and its dialog. */
  const fresh = async (rules: unknown = RULES, more: Written = {}): Promise<void> => {
    await both!.nodeRed.deploy(flow(rules, more));
    await both!.reopen({});
    await open();
  };

  it('keeps the text of rules to the letter where nothing was changed, from a look at the form and at the JSON', async () => {
    const text = ` [ ${RULES.map((rule) => JSON.stringify(rule)).join(' ,\n')} ]`;
    await fresh(text);
    for (const index of RULES.keys()) await rows().nth(index).locator('.tracelife-rule-head').click();
    await find('#tracelife-view-json').click();
    await find('#tracelife-json-view .monaco-editor').waitFor();
    await find('#tracelife-view-list').click();
    assert.equal(await rows().count(), 3);
    await both!.editor.closeDialog();
    assert.equal(await saved(), text);
  });

  it('adds a rule by the form', async () => {
    await fresh();
    await find('#tracelife-add-rule').click();
    await part(3, 'Name').locator('input').fill('web killed');
    const value = part(3, 'When').locator('.tracelife-value').first();
    // The kernel's names are completed, one after the other.
    await value.fill('');
    await value.pressSequentially('SIGK');
    await find('.red-ui-autoComplete-container a').first().click();
    await value.pressSequentially(', @fa');
    await find('.red-ui-autoComplete-container a').first().click();
    await part(3, 'When').locator('.tracelife-add-condition').click();
    const second = part(3, 'When').locator('.tracelife-condition').nth(1);
    await second.locator('.tracelife-field').selectOption('target.comm');
    await part(3, 'When').locator('.tracelife-value').nth(1).fill('nginx, "a,b"');
    await part(3, 'When').locator('.tracelife-add-condition').click();
    const third = part(3, 'When').locator('.tracelife-condition').nth(2);
    await third.locator('.tracelife-field').selectOption('sender.uid');
    await part(3, 'When').locator('.tracelife-value').nth(2).fill('0');
    await part(3, 'When').locator('.tracelife-not').nth(2).click();
    await part(3, 'And').locator('select').first().selectOption('exit');
    await part(3, 'And').locator('.tracelife-number').fill('5');
    await part(3, 'Verdict').locator('select').nth(0).selectOption('attention');
    await part(3, 'Verdict').locator('select').nth(1).selectOption('critical');
    await part(3, 'Reason').locator('input').fill('look');
    await part(3, 'Except').locator('.tracelife-add-exception').click();
    await part(3, 'Except').locator('.tracelife-value').fill('systemd');
    await part(3, 'Except').getByPlaceholder('why this is allowed').fill('restart');
    await part(3, 'Until').locator('> div > input').fill('2030-01-01');
    await part(3, 'Repeats').locator('.tracelife-number').fill('30');
    await part(3, 'Repeats').locator('.tracelife-wide').fill('signal');
    await part(3, 'Evidence').locator('input').check();
    assert.equal(
      (await words())[3],
      "SIGKILL or a fatal signal to nginx or a,b unless sender's user id is 0 without an exit within 5 s, " +
        'except any signal from systemd (restart), only if the evidence is complete: attention, critical, until 2030-01-01',
    );
    await both!.editor.screenshot('rules-added-light');
    await both!.editor.closeDialog();
    assert.deepEqual((await parsed())[3], {
      name: 'web killed',
      when: {
        signal: ['SIGKILL', '@fatal'],
        target: { comm: ['nginx', 'a,b'] },
        not: { sender: { uid: 0 } },
      },
      without: { stage: 'exit', within: 5 },
      except: [{ sender: { comm: 'systemd' }, reason: 'restart' }],
      verdict: 'attention',
      severity: 'critical',
      reason: 'look',
      until: '2030-01-01',
      requires: 'complete',
      repeats: { every: 30, by: ['signal'] },
    });
    assert.deepEqual((await parsed()).slice(0, 3), RULES);
    assert.deepEqual(await both!.editor.invalidNodes(), []);
  });

  it('changes what was touched and nothing else', async () => {
    await fresh();
    await rows().nth(2).locator('.tracelife-rule-head').click();
    await part(2, 'Reason').locator('input').fill('now with a reason');
    await rows().nth(0).locator('.tracelife-rule-switch').click();
    await both!.editor.closeDialog();
    const [first, second, third] = await parsed();
    assert.deepEqual([first, second], [{ ...RULES[0], enabled: false }, RULES[1]]);
    assert.deepEqual(third, { ...RULES[2], reason: 'now with a reason' });
  });

  it('takes another order by drag, and lets rules go', async () => {
    await fresh();
    const { page } = both!.editor;
    const handle = await rows().nth(2).locator('.red-ui-editableList-item-handle').boundingBox();
    const top = await rows().nth(0).boundingBox();
    assert.ok(handle && top);
    await page.mouse.move(handle.x + 4, handle.y + 4);
    await page.mouse.down();
    await page.mouse.move(handle.x + 4, top.y + 40, { steps: 10 });
    await page.mouse.move(handle.x + 4, top.y - 4, { steps: 10 });
    await page.mouse.up();
    await rows().nth(1).locator('.red-ui-editableList-item-remove').click();
    await find('#tracelife-rules > li.red-ui-editableList-item-deleting').waitFor({ state: 'detached' });
    await both!.editor.closeDialog();
    assert.deepEqual(await parsed(), [RULES[2], RULES[1]]);
  });

  it('edits a rule that is too deep for the form as JSON, and the whole list', async () => {
    await fresh();
    await rows().nth(1).locator('.tracelife-rule-head').click();
    await part(1, 'When').getByText('as JSON').click();
    await find('#tracelife-rule-json .monaco-editor').waitFor();
    await both!.editor.screenshot('rules-json-of-one-light');
    await write(
      '#tracelife-rule-json',
      '{ "name": "other", "when": { "signal": "SIGHUP" }, "verdict": "expected" }',
    );
    assert.equal((await words())[1], 'SIGHUP: expected');
    await find('#tracelife-view-json').click();
    await find('#tracelife-rules-json .monaco-editor').waitFor();
    await both!.editor.screenshot('rules-json-light');
    await write(
      '#tracelife-rules-json',
      '{ "match": "all", "rules": [{ "name": "z", "on": "loss", "verdict": "unknown" }] }',
    );
    await find('#tracelife-view-list').click();
    assert.deepEqual(await words(), ['1 or more lost events: unknown, notice']);
    assert.equal(await find('#tracelife-match').inputValue(), 'all');
    await both!.editor.closeDialog();
    assert.deepEqual(JSON.parse(await saved()), {
      match: 'all',
      rules: [{ name: 'z', on: 'loss', verdict: 'unknown' }],
    });
  });

  it('starts from presets, under names that are free', async () => {
    await fresh([]);
    await find('#tracelife-rules-empty').waitFor();
    for (let times = 0; times < 2; times++) {
      await find('#tracelife-add-preset').click();
      if (times === 0) await both!.editor.screenshot('rules-presets-light');
      await find('.red-ui-menu a:visible').first().click();
    }
    await both!.editor.closeDialog();
    assert.deepEqual(
      (await parsed()).map(({ name }) => name),
      ['restart by systemd', 'restart by systemd 2'],
    );
    assert.deepEqual(await both!.editor.invalidNodes(), []);
  });

  it('says at the rule what a deploy would say, and marks the node', async () => {
    await fresh();
    await rows().nth(0).locator('.tracelife-rule-head').click();
    await part(0, 'When').locator('.tracelife-value').first().fill('SIGFOO');
    const wrong = find('#tracelife-rules .tracelife-rule-wrong:visible');
    assert.match(await wrong.innerText(), /^rules\[0\]\.when\.signal: "SIGFOO" is not a signal/);
    await both!.editor.screenshot('rules-wrong-light');
    await rows().nth(2).locator('.tracelife-rule-head').click();
    await part(2, 'Name').locator('input').fill('deep');
    assert.match(
      (await wrong.allInnerTexts()).join('|'),
      /SIGFOO.*\|rules\[2\]\.name: "deep" is already the name of rules\[1\]/,
    );
    await both!.editor.closeDialog();
    assert.deepEqual(await both!.editor.invalidNodes(), ['filter']);
  });

  it('says at the rule why it can have no effect, and leaves the node valid', async () => {
    const rules = [
      { name: 'all', when: {}, verdict: 'expected' },
      { name: 'late', when: { signal: 'TERM' }, verdict: 'unexpected' },
    ];
    await fresh(JSON.stringify(rules));
    const warning = find('#tracelife-rules .tracelife-rule-warning:visible');
    assert.deepEqual(await warning.allInnerTexts(), ['has no effect, rules[0] "all" matches first']);
    await both!.editor.closeDialog();
    assert.deepEqual(await both!.editor.invalidNodes(), []);
  });

  it('shows rules that are no JSON as they are, and what is wrong with them', async () => {
    await fresh('[{');
    await find('#tracelife-rules-json .monaco-editor').waitFor();
    assert.match(await find('#tracelife-rules-wrong').innerText(), /^The rules are not valid JSON: /);
    await find('#tracelife-view-list').click();
    assert.equal(await find('#tracelife-rules-json').count(), 1);
    await both!.editor.closeDialog('cancel');
  });

  it('tries the rules of the dialog on the packaged example', async () => {
    await fresh([]);
    await tab('Try').click();
    await find('#tracelife-try-button').click();
    await find('#tracelife-try-alerts').waitFor();
    assert.match(await find('#tracelife-try-alerts').innerText(), /was killed \(SIGKILL\)/);
    assert.match(
      await find('.tracelife-try-summary').innerText(),
      /^Judged: 3\. Expected: 2\. Alerts: 1\. \(0\.\d+ s\)$/,
    );
    await both!.editor.screenshot('rules-try-light');
    await tab('Rules').click();
    await find('#tracelife-view-json').click();
    await find('#tracelife-rules-json .monaco-editor').waitFor();
    await write('#tracelife-rules-json', '[{ "name": "all is well", "when": {}, "verdict": "expected" }]');
    await tab('Try').click();
    await find('#tracelife-try-button').click();
    await find('.tracelife-try-none').waitFor();
    await tab('Rules').click();
    await write(
      '#tracelife-rules-json',
      '[{ "name": "x", "when": { "signal": "SIGFOO" }, "verdict": "expected" }]',
    );
    await tab('Try').click();
    await find('#tracelife-try-button').click();
    const wrong = find('#tracelife-try-answer .tracelife-rule-wrong');
    assert.match(await wrong.innerText(), /rules\[0\]\.when\.signal: "SIGFOO" is not a signal/);
    await find('#tracelife-try-source').selectOption('file');
    await find('#tracelife-try-path').fill('/nowhere/at/all');
    await tab('Rules').click();
    await write('#tracelife-rules-json', '[]');
    await tab('Try').click();
    await find('#tracelife-try-button').click();
    await wrong.filter({ hasText: '/nowhere/at/all' }).waitFor();
    await find('#tracelife-try-source').selectOption('example');
    await both!.editor.closeDialog('cancel');
  });

  it('puts what a node has learnt on top of its rules', async () => {
    const learning = flow(RULES.slice(0, 1), { learn: true });
    const signal = {
      ts: 100,
      time: null,
      signal: 'SIGUSR1',
      number: 10,
      code: 'SI_USER',
      result: 'delivered',
      origin: 'kill',
      fatal: true,
      control: false,
      sender: { pid: 4000, comm: 'bash', inTree: false, irq: null },
      target: { pid: 5441, tgid: 5441, comm: 'a.out' },
      generated: { ts: 100, stack: [] },
      delivered: { ts: 100.1, tid: 5441, handler: 'default', stack: [] },
      latency: 0.1,
    };
    const props = [{ p: 'payload', v: JSON.stringify(signal), vt: 'json' }];
    await both!.nodeRed.deploy([
      ...learning,
      { id: 'press', type: 'inject', z: 'tab', x: 100, y: 200, props, wires: [['filter']] },
    ]);
    await both!.nodeRed.inject('press');
    await both!.nodeRed.nextStatus('filter', ({ text }) => /1/.test(text ?? ''));
    await both!.reopen({});
    await open();
    await tab('Learn').click();
    assert.equal(await find('#node-input-learn').isChecked(), true);
    await find('#tracelife-learn-look').click();
    await find('.tracelife-proposed').waitFor();
    assert.match(await find('.tracelife-proposed').innerText(), /SIGUSR1 from bash to a\.out/);
    await both!.editor.screenshot('rules-learn-light');
    await find('#tracelife-learn-accept').click();
    await find('#tracelife-learn-accepted').waitFor();
    await tab('Rules').click();
    assert.match((await words())[0] ?? '', /^SIGUSR1 from bash to a\.out.*: expected$/);
    await both!.editor.closeDialog();
    const [learnt, before] = await parsed();
    assert.equal(learnt?.['verdict'], 'expected');
    assert.deepEqual(before, RULES[0]);
    assert.ok(!(await both!.editor.invalidNodes()).includes('filter'));
  });

  for (const theme of ['light', 'dark'] as Theme[]) {
    it(`shows each rule in words, with room for all, ${theme}`, async () => {
      await both!.nodeRed.deploy(flow(RULES));
      await both!.reopen({ theme });
      await open();
      assert.deepEqual(await words(), [
        'SIGTERM or SIGKILL from systemd to postgres*: expected',
        "SIGTERM where target's user id is 0 or any signal where signal number is above 33 or it ends the target: unexpected, critical",
        'SIGKILL within 10 s after SIGTERM to the same process, except any signal from bash (by hand), until 2030-01-01, only if the evidence is complete: unexpected, error',
      ]);
      await both!.editor.screenshot(`rules-${theme}`);
      for (const index of [1, 2]) {
        await rows().nth(index).locator('.tracelife-rule-head').click();
        await both!.editor.screenshot(`rules-form-${index}-${theme}`);
        assert.deepEqual(await tooWide(), []);
      }
      await part(2, 'Evidence').scrollIntoViewIfNeeded();
      await both!.editor.screenshot(`rules-form-end-${theme}`);
      await tab('Alerts').click();
      await both!.editor.screenshot(`rules-alerts-${theme}`);
      await both!.editor.closeDialog('cancel');
    });
  }

  it('speaks Chinese where the browser does', async () => {
    await both!.nodeRed.deploy(flow(RULES, {}));
    await both!.reopen({ locale: 'zh-CN' });
    await open();
    assert.equal((await words())[0], 'systemd 发给 postgres* 的 SIGTERM 或 SIGKILL：预期');
    await rows().nth(2).locator('.tracelife-rule-head').click();
    const labels = await form(2).locator('.tracelife-row > label').allInnerTexts();
    assert.ok(labels.length >= 9);
    for (const label of labels) assert.match(label, /\p{Script=Han}/u);
    assert.deepEqual(await tooWide(), []);
    await form(2).locator('input').first().fill('');
    const wrong = find('#tracelife-rules .tracelife-rule-wrong:visible');
    assert.equal(await wrong.innerText(), 'rules[2].name：应为字符串，实际为 空字符串');
    await both!.editor.screenshot('rules-zh-CN');
    await both!.editor.closeDialog('cancel');
  });

  it('asks nothing from the network, and the page has no error but the refused dry runs', () => {
    assert.deepEqual(refused, []);
    assert.deepEqual(
      errors.filter((error) => !error.includes('tracelife/signal-filter/dry-run')),
      [],
    );
  });
});
