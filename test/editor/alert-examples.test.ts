/** Where alerts go, from the import menu: each example imported, deployed, looked at; and the dashboard's own page. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { DebugMessage } from '../harness/comms-socket';
import { PALETTES } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { anAlert, example, fedInto, FEED, withSettings } from '../nodes/example-flows';
import { EditorWithNodeRed } from './editor-with-node-red';

const EXAMPLES: readonly [folder: string, name: string, picture: string][] = [
  ['alerts', '1 Alerts on a dashboard', 'alerts-dashboard'],
  ['alerts', '2 Alerts into a file', 'alerts-file'],
  ['alerts', '3 Alerts by MQTT', 'alerts-mqtt'],
  ['alerts', '4 Alerts to a webhook', 'alerts-webhook'],
  ['alerts', '5 Alerts to syslog', 'alerts-syslog'],
  ['alerts', '6 Alerts by mail', 'alerts-mail'],
  ['acting', '1 Restart what was killed', 'acting-restart'],
  ['acting', '2 Wake what was stopped', 'acting-wake'],
];

describe('the examples of where alerts go, in the editor', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { browser: true });
    both = await EditorWithNodeRed.start({ palettes: PALETTES });
  });
  after(() => both?.close());

  for (const [folder, name, picture] of EXAMPLES) {
    it(`"${name}" is imported and deployed with nothing amiss`, async () => {
      const { editor } = both!;
      await both!.deployExample(folder, name);
      assert.deepEqual(await editor.invalidNodes(), []);
      await editor.showFlow(name.replace(/^\d /, ''));
      assert.deepEqual(await editor.misplacedNodes(), []);
      await editor.fitFlow();
      await editor.screenshot(`${picture}-light`);
    });
  }

  for (const [, name, picture] of [EXAMPLES[0]!, EXAMPLES[6]!]) {
    it(`"${name}" is as readable in a dark editor`, async () => {
      const { nodeRed } = both!;
      const file = EXAMPLES.find((each) => each[1] === name)!;
      await nodeRed.deploy(example(`${file[0]}/${name}.json`));
      await both!.reopen({ theme: 'dark' });
      const { editor } = both!;
      await editor.showFlow(name.replace(/^\d /, ''));
      await editor.fitFlow();
      assert.deepEqual(await editor.misplacedNodes(), []);
      await editor.screenshot(`${picture}-dark`);
    });
  }

  it('cause no error in the page, and ask nothing from the network', () => {
    const { editor } = both!;
    assert.deepEqual(editor.errors, []);
    assert.deepEqual(editor.refused, []);
  });
});

describe('the page of "Alerts on a dashboard"', function () {
  this.timeout(120_000);
  const FLOW = example('alerts/1 Alerts on a dashboard.json');
  let both: EditorWithNodeRed | undefined;
  let page: Page;
  const errors: string[] = [];
  before(async function () {
    await needs(this, { browser: true });
    both = await EditorWithNodeRed.start({ palettes: ['@flowfuse/node-red-dashboard'] });
  });
  after(() => both?.close());

  async function open(): Promise<void> {
    const { nodeRed, editor } = both!;
    page = await editor.page.context().newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(`${nodeRed.url}/dashboard/alerts`);
    await page.getByText('The last alerts').waitFor();
  }
  const rows = (): Promise<string[]> => page.locator('table tbody tr').allInnerTexts();

  it('shows the alert of the button as a notice, a row and a line, and keeps the row for who comes later', async () => {
    const { nodeRed } = both!;
    // With a look at what goes to the chart, which draws it on a canvas.
    const [notice, table, chart] = FLOW.find(({ id }) => id === 'board-rows')!.wires as string[][];
    const wires = [notice, table, [...chart!, 'test-points']];
    const watched = withSettings(withSettings(FLOW, 'board-rows', { wires }), 'board-clock', {
      repeat: '0.5',
    });
    const points = {
      id: 'test-points',
      type: 'debug',
      z: 'board-tab',
      active: true,
      tosidebar: true,
      complete: 'true',
      x: 0,
      y: 0,
      wires: [],
    };
    await nodeRed.deploy([...watched, points]);
    await open();
    await nodeRed.inject('board-inject');
    await page
      .locator('.nrdb-ui-notification')
      .getByText(/: sleep \(\d+\) was killed \(SIGKILL\)/)
      .waitFor();
    await page
      .locator('table tbody tr')
      .getByText(/^sleep \(\d+\) was killed \(SIGKILL\)/)
      .waitFor();
    await page.locator('canvas').waitFor();
    const isPoint = (y: number) => (message: DebugMessage) => {
      const point = message.value as { topic?: string; payload?: { x: number; y: number } };
      return message.id === 'test-points' && point.topic === 'error' && point.payload?.y === y;
    };
    await nodeRed.nextDebug(isPoint(1));
    // The line goes down again, and says so with a point.
    await nodeRed.nextDebug(isPoint(0));
    await page.screenshot({ path: 'test/screenshots/dashboard-alerts.png' });
    await page.reload();
    await page
      .locator('table tbody tr')
      .getByText(/^sleep \(\d+\) was killed \(SIGKILL\)/)
      .waitFor();
    assert.equal((await rows()).length, 1);
  });

  it('keeps the last fifty, the newest first, and no more', async () => {
    const { nodeRed } = both!;
    const many = Array.from({ length: 120 }, (_, n) => anAlert({ text: `alert number ${n}.` }));
    await nodeRed.deploy(fedInto(FLOW, 'board-rows', many));
    await nodeRed.inject(FEED);
    await page.reload();
    await page.locator('table tbody tr').getByText('alert number 119.').waitFor();
    const first = await rows();
    assert.equal(first.length, 10);
    assert.match(first[0]!, /alert number 119\./);
    assert.match(first[9]!, /alert number 110\./);
    // Ten rows on a page: its footer says of how many.
    assert.match(await page.locator('.v-data-table-footer').innerText(), /of 50/);
  });

  it('shows a text that looks like HTML as text', async () => {
    const { nodeRed } = both!;
    const text = '<img src=x onerror="document.title=`forged`"> was killed';
    await nodeRed.deploy(fedInto(FLOW, 'board-rows', [anAlert({ text })]));
    await nodeRed.inject(FEED);
    // The notice removes what could do harm, and shows the rest as it is written.
    await page.locator('.nrdb-ui-notification').getByText('error: <img src="x"> was killed').waitFor();
    await page.locator('table tbody tr').getByText(text).first().waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.notEqual(await page.title(), 'forged');
  });

  it('has no error', () => {
    assert.deepEqual(errors, []);
  });
});
