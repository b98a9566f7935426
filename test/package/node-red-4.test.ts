/** The oldest Node-RED that the package promises: package.json asks for 4.1 or later. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';

const SCRIPT = path.join(process.cwd(), 'node_modules/node-red-4/red.js');
const EXAMPLE = path.join(process.cwd(), 'examples/2 Life of a process, recorded.json');

describe('the package under Node-RED 4.1', function () {
  this.timeout(60_000);

  it('tells the recorded life and raises its alert', async () => {
    const flows = JSON.parse(readFileSync(EXAMPLE, 'utf8')) as FlowNode[];
    const nodeRed = await NodeRedProcess.start({ flows, script: SCRIPT });
    try {
      assert.match(nodeRed.output, /Node-RED version: v4\.1\./);
      await nodeRed.inject(flows.find(({ type }) => type === 'inject')!.id);
      const end = await nodeRed.nextDebug(({ value }) => String(value).includes('; the trace ended'));
      assert.match(String(end.value), /nothing lost/);
      const said = nodeRed.debugMessages.map(({ value }) => String(value));
      assert.equal(
        said.filter((text) => /was killed \(SIGKILL\) by its parent, bash \(\d+\)/.test(text)).length,
        1,
      );
    } finally {
      await nodeRed.stop();
    }
  });
});
