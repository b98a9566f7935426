/** The two examples of a fleet as a user imports them, and the overview's dashboard. */
import assert from 'node:assert/strict';
import { EditorWithNodeRed } from '../editor/editor-with-node-red';
import { EditorBrowser } from '../harness/editor-browser';
import { needs } from '../harness/requirements';
import { Fleet, WITH_DASHBOARD } from './fleet';

interface EditorPage {
  readonly RED: { readonly workspaces: { readonly show: (id: string) => void } };
}

describe('the examples of a fleet in the editor', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  before(async function () {
    await needs(this, { browser: true });
    both = await EditorWithNodeRed.start({ settings: WITH_DASHBOARD });
  });
  after(() => both?.close());

  for (const [example, tab] of [
    ['3 Fleet, a host', 'host-tab'],
    ['4 Fleet, the overview', 'overview-tab'],
  ] as const) {
    it(`is imported, complete and tidy: ${example}`, async () => {
      await both!.deployExample(example);
      assert.deepEqual(await both!.editor.invalidNodes(), []);
      await both!.reopen({});
      await both!.editor.page.evaluate((id) => {
        (globalThis as unknown as EditorPage).RED.workspaces.show(id);
      }, tab);
      await both!.editor.page.waitForSelector(`[id="${tab.replace('tab', 'catch')}"]`);
      assert.deepEqual(await both!.editor.misplacedNodes(), []);
      await both!.editor.fitFlow();
      await both!.editor.screenshot(`fleet-${tab}`);
      assert.deepEqual(both!.editor.errors, []);
      assert.deepEqual(both!.editor.refused, []);
    });
  }

  it('cause no error, also without a broker', () => {
    assert.doesNotMatch(both!.nodeRed.output, /\[error\]/);
  });
});

describe('the dashboard of a fleet', function () {
  this.timeout(120_000);
  let fleet: Fleet | undefined;
  let browser: EditorBrowser | undefined;
  before(async function () {
    await needs(this, { browser: true, mosquitto: true });
    fleet = await Fleet.start();
    browser = await EditorBrowser.open(fleet.overview.url);
  });
  after(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  it('shows hosts, alerts and who lives, and does not grow', async () => {
    const { page } = browser!;
    await fleet!.raise('alpha', 2);
    await page.goto(`${fleet!.overview.url}/dashboard/fleet`);
    const rows = (table: string): ReturnType<typeof page.locator> =>
      page.locator(`#nrdb-ui-group-overview-ui-${table} tbody tr`);
    await rows('hosts')
      .filter({ hasText: /alpha.*online/ })
      .waitFor();
    await rows('hosts')
      .filter({ hasText: /beta.*online/ })
      .waitFor();
    await rows('alerts').filter({ hasText: 'was killed (SIGKILL) by its parent' }).nth(1).waitFor();
    assert.equal(await rows('alerts').filter({ hasText: 'alpha' }).count(), 2);
    await fleet!.raise('beta', 1);
    await rows('alerts').filter({ hasText: 'beta' }).waitFor();
    assert.equal(await rows('alerts').count(), 3);
    await browser!.screenshot('fleet-dashboard');
    assert.deepEqual(browser!.refused, []);
  });
});
