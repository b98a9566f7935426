declare module 'node-red-node-test-helper' {
  import type { Node } from 'node-red';
  const helper: {
    load(nodes: readonly unknown[], flow: readonly unknown[]): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): Node | null;
  };
  export default helper;
}
