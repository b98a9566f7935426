/** A real Node-RED and the editor on it, as a user has them before an example is imported. */
import { EditorBrowser, type EditorLook } from '../harness/editor-browser';
import { NodeRedProcess, type NodeRedOptions } from '../harness/node-red-process';
import { PACKAGE_NAME } from '../harness/packed-package';

/** Who may not trace. */
export const NOBODY = { uid: 65534, gid: 65534 };

export class EditorWithNodeRed {
  readonly nodeRed: NodeRedProcess;
  /** Looks at the same Node-RED; `reopen` replaces it. */
  editor: EditorBrowser;

  private constructor(nodeRed: NodeRedProcess, editor: EditorBrowser) {
    this.nodeRed = nodeRed;
    this.editor = editor;
  }

  static async start(options: NodeRedOptions = {}): Promise<EditorWithNodeRed> {
    return EditorWithNodeRed.on(await NodeRedProcess.start(options));
  }

  /** Opens the editor of a Node-RED that runs already. */
  static async on(nodeRed: NodeRedProcess): Promise<EditorWithNodeRed> {
    try {
      return new EditorWithNodeRed(nodeRed, await EditorBrowser.open(nodeRed.url));
    } catch (error) {
      await nodeRed.stop();
      throw error;
    }
  }

  /** The same flows in another theme or language. */
  async reopen(look: EditorLook): Promise<void> {
    this.editor = await this.editor.reopen(look);
  }

  /** Imports one of this package's examples from the menu, and deploys it. @param example folders and name, without `.json` */
  async deployExample(...example: string[]): Promise<void> {
    await this.editor.importExample(PACKAGE_NAME, ...example);
    await this.editor.deploy();
  }

  async close(): Promise<void> {
    await this.editor.close();
    await this.nodeRed.stop();
  }
}
