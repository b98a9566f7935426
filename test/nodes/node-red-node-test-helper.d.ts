declare module 'node-red-node-test-helper' {
  import type { Node } from 'node-red';
  const helper: {
    load(nodes: readonly unknown[], flow: readonly unknown[]): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): Node | null;
    /** A sinon spy on what Node-RED logs, with one record an entry. */
    log(): {
      readonly args: readonly [{ readonly id?: string; readonly level: number; readonly msg: unknown }][];
    };
  };
  export default helper;
}
