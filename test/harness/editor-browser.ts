/**
 * The Node-RED editor in Chromium, used as a user does: menus, buttons, the debug sidebar. What the page asks from
 * beyond the loopback address is refused and kept in `refused`; errors of the page are kept in `errors`.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium } from './chromium';

export type Theme = 'light' | 'dark';

export interface EditorLook {
  readonly theme?: Theme;
  /** What the browser prefers: `en-US`, `zh-CN`. */
  readonly locale?: string;
}

/** What the functions that run inside the page use of the editor. */
interface EditorPage {
  readonly RED: {
    readonly nodes: {
      readonly node: (id: string) => EditorNode | undefined;
      readonly eachNode: (look: (node: EditorNode) => void) => void;
      readonly eachWorkspace: (look: (tab: { readonly id: string; readonly label: string }) => void) => void;
      readonly dirty: () => boolean;
    };
    readonly view: {
      readonly state: () => number;
      readonly reveal: (id: string) => void;
      readonly scale: () => number;
    };
    readonly workspaces: { readonly active: () => string; readonly show: (id: string) => void };
    readonly state: { readonly IMPORT_DRAGGING: number };
    readonly editor: { readonly edit: (node: EditorNode) => void };
    readonly actions: { readonly invoke: (name: string) => void };
    readonly sidebar: {
      readonly show: (id: string) => void;
      readonly help: { readonly show: (type: string) => void };
    };
  };
}

interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly name?: string;
  readonly valid?: boolean;
  readonly status?: { readonly fill?: string; readonly shape?: string; readonly text?: string };
}

/** A node with its middle and its size, in pixels of the canvas. */
interface DrawnNode extends EditorNode {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The panel that slides in from the right with a dialog. */
interface Tray {
  readonly getAnimations: () => unknown[];
}

/** The part of the page that a flow is drawn in, and its clock of drawing. */
interface Workspace {
  readonly document: {
    readonly querySelector: (of: string) => { scrollLeft: number; readonly scrollTop: number } | null;
  };
  readonly requestAnimationFrame: (draw: (time: number) => void) => number;
}

const WINDOW = { width: 1400, height: 900 };
const ACTION_MS = 30_000;

export class EditorBrowser {
  /** For what has no method here. */
  readonly page: Page;
  /** Uncaught exceptions and console errors of the page. */
  readonly errors: string[] = [];
  /** Addresses beyond loopback that the page asked for. */
  readonly refused: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.setDefaultTimeout(ACTION_MS);
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} ${message.location().url}`);
    });
  }

  /**
   * Opens the editor and waits until it can be used.
   *
   * @param url of Node-RED, `NodeRedProcess.url`
   */
  static async open(url: string, look: EditorLook = {}): Promise<EditorBrowser> {
    return EditorBrowser.#openIn(await launchChromium(), url, look);
  }

  /** The same Node-RED in another theme or language. This one is closed; its browser, slow to start, goes on. */
  async reopen(look: EditorLook): Promise<EditorBrowser> {
    const { origin } = new URL(this.page.url());
    await this.page.context().close();
    return EditorBrowser.#openIn(this.#browser, origin, look);
  }

  static async #openIn(
    browser: Browser,
    url: string,
    { theme = 'light', locale = 'en-US' }: EditorLook,
  ): Promise<EditorBrowser> {
    try {
      const context = await browser.newContext({ viewport: WINDOW, locale });
      // The editor's own "Theme" setting of View -> Settings, kept in localStorage (Node-RED 5, view-dark-theme).
      await context.addInitScript((chosen) => {
        localStorage.setItem('view-dark-theme', chosen);
      }, theme);
      const editor = new EditorBrowser(browser, await context.newPage());
      await context.route(
        (address) => !['127.0.0.1', 'localhost'].includes(address.hostname),
        (route) => {
          editor.refused.push(route.request().url());
          return route.abort();
        },
      );
      await editor.page.goto(url);
      await editor.#ready();
      return editor;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /**
   * Menu -> Import -> Examples -> the package -> its folders -> the file -> Import. Flows without a tab of their own
   * are put down in the middle of the workspace.
   *
   * @param example the way through the tree: package name, folders, file name without `.json`
   */
  async importExample(...example: string[]): Promise<void> {
    await this.page.click('#red-ui-header-button-sidemenu');
    await this.page.click('#menu-item-import');
    await this.page.click('#red-ui-clipboard-dialog-import-tabs a[href$="-tab-examples"]');
    const tree =
      '#red-ui-clipboard-dialog-import-tab-examples .red-ui-treeList-container > .red-ui-editableList';
    let level = this.page.locator(`${tree} > div > ol`);
    // Above the packages are the library's name and its kind, each alone, in the language of the user.
    for (const folder of [undefined, undefined, ...example.slice(0, -1)])
      level = await this.#openFolder(level, folder);
    await entry(level, example.at(-1)).click();
    await this.page.click('#red-ui-clipboard-dialog-ok');
    await this.page.waitForSelector('#red-ui-clipboard-dialog-ok', { state: 'hidden' });
    const onTheMouse = await this.page.waitForFunction(() => {
      const { RED } = globalThis as unknown as EditorPage;
      if (RED.view.state() === RED.state.IMPORT_DRAGGING) return 'yes';
      return RED.nodes.dirty() ? 'no' : undefined;
    });
    if ((await onTheMouse.jsonValue()) === 'no') return;
    await this.page.mouse.click(WINDOW.width / 2, WINDOW.height / 2);
    await this.page.waitForFunction(() => (globalThis as unknown as EditorPage).RED.nodes.dirty());
  }

  /** Presses Deploy and waits until Node-RED says that it succeeded. */
  async deploy(): Promise<void> {
    await this.page.click('#red-ui-header-button-deploy:not(.disabled)');
    await this.page.waitForFunction(() => !(globalThis as unknown as EditorPage).RED.nodes.dirty());
  }

  /** Presses the button of an inject or debug node. @param node its id or its name */
  async pressButton(node: string): Promise<void> {
    const id = await this.nodeId(node);
    await this.#reveal(id);
    await this.page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
  }

  /** The editor's node with this id or name. @throws when there is none */
  async nodeId(node: string): Promise<string> {
    const id = await this.page.evaluate((wanted) => {
      const { RED } = globalThis as unknown as EditorPage;
      if (RED.nodes.node(wanted)) return wanted;
      let found: string | undefined;
      RED.nodes.eachNode((each) => {
        if (each.name === wanted) found ??= each.id;
      });
      return found;
    }, node);
    if (id === undefined) throw new Error(`the editor has no node ${node}`);
    return id;
  }

  /** Brings the tab of this label to the front: an import leaves the one that was there. */
  async showFlow(label: string): Promise<void> {
    await this.page.evaluate((wanted) => {
      const { RED } = globalThis as unknown as EditorPage;
      let id: string | undefined;
      RED.nodes.eachWorkspace((tab) => {
        if (tab.label === wanted) id = tab.id;
      });
      if (id === undefined) throw new Error(`the editor has no flow ${wanted}`);
      RED.workspaces.show(id);
    }, label);
    // Only what is drawn has a size.
    await this.page.waitForSelector('.red-ui-flow-node-group');
  }

  /** The nodes that the editor marks with a triangle, and those whose type it does not know. */
  async invalidNodes(): Promise<string[]> {
    return this.page.evaluate(() => {
      const { RED } = globalThis as unknown as EditorPage;
      const invalid: string[] = [];
      RED.nodes.eachNode((node) => {
        if (node.valid === false || node.type === 'unknown') invalid.push(node.name ?? node.id);
      });
      return invalid;
    });
  }

  /** What of the flow in view lies beyond the canvas, or over another node. */
  async misplacedNodes(): Promise<string[]> {
    return this.page.evaluate(() => {
      const { RED } = globalThis as unknown as EditorPage;
      const drawn: DrawnNode[] = [];
      RED.nodes.eachNode((node) => {
        if (node.z === RED.workspaces.active()) drawn.push(node as DrawnNode);
      });
      const name = (node: DrawnNode): string =>
        node.name === undefined || node.name === '' ? node.id : node.name;
      const outside = drawn.filter(({ x, y, w, h }) => x - w / 2 < 0 || y - h / 2 < 0);
      const covered = drawn.filter((node, index) =>
        drawn
          .slice(index + 1)
          .some(
            (other) =>
              Math.abs(node.x - other.x) < (node.w + other.w) / 2 &&
              Math.abs(node.y - other.y) < (node.h + other.h) / 2,
          ),
      );
      return [...outside, ...covered].map(name);
    });
  }

  /** Shows the debug sidebar and gives the text of every message in it, oldest first. */
  async debugMessages(): Promise<string[]> {
    await this.#showSidebar('debug');
    return this.page.locator('.red-ui-debug-msg').allInnerTexts();
  }

  /** Waits for a message in the debug sidebar whose text has this in it, and gives the whole text. */
  async waitForDebug(text: string | RegExp, timeoutMs = ACTION_MS): Promise<string> {
    await this.#showSidebar('debug');
    const message = this.page.locator('.red-ui-debug-msg').filter({ hasText: text }).first();
    await message.waitFor({ timeout: timeoutMs });
    return message.innerText();
  }

  /** The status text below a node, as it is drawn; '' where there is none. @param node its id or its name */
  async statusText(node: string): Promise<string> {
    const id = await this.nodeId(node);
    return (await this.#status(id).textContent()) ?? '';
  }

  /** Waits until the status drawn below a node has this in it. @param node its id or its name */
  async waitForStatus(node: string, text: string | RegExp, timeoutMs = ACTION_MS): Promise<string> {
    const status = this.#status(await this.nodeId(node)).filter({ hasText: text });
    await status.waitFor({ timeout: timeoutMs });
    return (await status.textContent()) ?? '';
  }

  /** Opens a node's edit dialog and waits until it has slid in. @param node its id or its name */
  async openDialog(node: string): Promise<void> {
    const id = await this.nodeId(node);
    await this.page.evaluate((wanted) => {
      const { RED } = globalThis as unknown as EditorPage;
      RED.editor.edit(RED.nodes.node(wanted)!);
    }, id);
    await this.page.waitForSelector('#node-dialog-ok');
    await this.#slidIn('.red-ui-tray');
  }

  /** Closes the edit dialog by Done, or by Cancel. */
  async closeDialog(button: 'done' | 'cancel' = 'done'): Promise<void> {
    await this.page.click(button === 'done' ? '#node-dialog-ok' : '#node-dialog-cancel');
    await this.page.waitForSelector('#node-dialog-ok', { state: 'detached' });
  }

  /** Shows the help of a node's type in the sidebar and gives its text, without the title. */
  async helpText(type: string): Promise<string> {
    await this.page.evaluate((wanted) => {
      const { RED } = globalThis as unknown as {
        RED: { sidebar: { help: { show: (type: string) => void } } };
      };
      RED.sidebar.help.show(wanted);
    }, type);
    return this.page.locator('.red-ui-help > .red-ui-help').innerText();
  }

  /** Brings the whole flow into view, as the button below the workspace does, and waits until it has come to rest. */
  async fitFlow(): Promise<void> {
    await this.page.evaluate(async () => {
      const page = globalThis as unknown as EditorPage & Workspace;
      const chart = page.document.querySelector('#red-ui-workspace-chart')!;
      const place = (): string =>
        [page.RED.view.scale(), chart.scrollLeft, chart.scrollTop].map((value) => value.toFixed(3)).join();
      page.RED.actions.invoke('core:zoom-fit');
      // Zooming and scrolling follow each other, with a few frames between them.
      for (let before = '', still = 0; still < 30; before = place()) {
        await new Promise((resolve) => page.requestAnimationFrame(resolve));
        still = place() === before ? still + 1 : 0;
      }
      // It centres what it thinks is the flow; a group's edge and label lie further left than its nodes.
      chart.scrollLeft = 0;
    });
  }

  /** Writes test/screenshots/<name>.png and gives its path. */
  async screenshot(name: string): Promise<string> {
    const folder = path.join(process.cwd(), 'test/screenshots');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${name}.png`);
    // Notices lie over dialogs for seconds after each import and deploy.
    await this.page.screenshot({ path: file, style: '#red-ui-notifications { display: none }' });
    return file;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  async #ready(): Promise<void> {
    await this.page.waitForSelector('#red-ui-header-button-deploy', { timeout: 60_000 });
    // The loader covers the page until the flows are there.
    await this.page.waitForSelector('#red-ui-loading-progress', { state: 'hidden', timeout: 60_000 });
    await this.page.waitForSelector('.red-ui-palette-node');
  }

  /** Opens one folder of the import tree, where it is closed, and gives the list inside. */
  async #openFolder(level: Locator, name: string | undefined): Promise<Locator> {
    const label = entry(level, name);
    const inside = label.locator('xpath=../div[contains(@class, "red-ui-editableList")]/div/ol');
    // The mark comes at once, the list slides open later: a second click would close it again.
    const isOpen = (await label.locator('xpath=..').getAttribute('class'))?.includes('expanded') === true;
    if (!isOpen) await label.click();
    await inside.waitFor();
    return inside;
  }

  #status(id: string): Locator {
    return this.page.locator(`[id="${id}"] .red-ui-flow-node-status-label`);
  }

  async #reveal(id: string): Promise<void> {
    await this.page.evaluate((wanted) => {
      (globalThis as unknown as EditorPage).RED.view.reveal(wanted);
    }, id);
    await this.page.waitForSelector(`[id="${id}"]`);
  }

  async #showSidebar(id: string): Promise<void> {
    await this.page.evaluate((wanted) => {
      (globalThis as unknown as EditorPage).RED.sidebar.show(wanted);
    }, id);
  }

  async #slidIn(selector: string): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const page = globalThis as unknown as { document: { querySelector: (of: string) => Tray | null } };
      return page.document.querySelector(wanted)?.getAnimations().length === 0;
    }, selector);
  }
}

/** The label of the entry of this name, or of the only one, that is directly in this list of the editor's tree. */
function entry(list: Locator, name: string | undefined): Locator {
  const label = 'div[contains(@class, "red-ui-treeList-label")]';
  const isNamed = name === undefined ? '' : `[span[text()=${JSON.stringify(name)}]]`;
  return list.locator(`xpath=./li/div/${label}${isNamed}`);
}
