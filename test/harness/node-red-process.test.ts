import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PACKAGE_NAME } from './packed-package';
import { NodeRedProcess } from './node-red-process';

const flow = [
  { id: 'tab', type: 'tab', label: 'echo' },
  {
    id: 'press',
    type: 'inject',
    z: 'tab',
    props: [{ p: 'payload' }, { p: 'topic', vt: 'str' }],
    topic: 'greeting',
    payload: '{"list":[1,2],"none":null,"text":"日本"}',
    payloadType: 'json',
    wires: [['change', 'show']],
  },
  {
    id: 'change',
    type: 'function',
    z: 'tab',
    func: "node.status({ fill: 'green', shape: 'dot', text: 'done' }); node.warn('careful'); return msg;",
    wires: [[]],
  },
  { id: 'show', type: 'debug', z: 'tab', active: true, tosidebar: true, complete: 'true', wires: [] },
];

describe('a real Node-RED with the packed package', function () {
  this.timeout(120_000);
  let nodeRed: NodeRedProcess;
  before(async () => {
    nodeRed = await NodeRedProcess.start();
  });
  after(() => nodeRed.stop());

  it('has the package installed from its tarball, without the sources', () => {
    const installed = path.join(nodeRed.userDir, 'node_modules', PACKAGE_NAME);
    assert.ok(existsSync(path.join(installed, 'package.json')));
    assert.ok(!existsSync(path.join(installed, 'src')));
  });

  it('runs a flow, and shows its messages, warnings and statuses whole', async () => {
    await nodeRed.deploy(flow);
    await nodeRed.inject('press');
    const shown = await nodeRed.nextDebug((message) => message.id === 'show');
    const { payload, topic } = shown.value as { payload: unknown; topic: string };
    assert.deepEqual(payload, { list: [1, 2], none: null, text: '日本' });
    assert.equal(topic, 'greeting');
    const warning = await nodeRed.nextDebug((message) => message.id === 'change');
    assert.equal(warning.level, 30);
    const status = await nodeRed.nextStatus('change');
    assert.deepEqual(status, { id: 'change', fill: 'green', shape: 'dot', text: 'done' });
  });

  it('refuses to deploy a flow with a type that nobody provides', async () => {
    const odd = [
      { id: 'tab', type: 'tab' },
      { id: 'odd', type: 'no-such-type', z: 'tab' },
    ];
    await assert.rejects(nodeRed.deploy(odd), /do not run.*no-such-type/);
  });

  it('starts again on the same user directory after a crash, with its flows', async () => {
    await nodeRed.deploy(flow);
    await nodeRed.crash();
    assert.equal(nodeRed.isRunning, false);
    nodeRed = await NodeRedProcess.start({ userDir: nodeRed.userDir });
    await nodeRed.inject('press');
    await nodeRed.nextDebug((message) => message.id === 'show');
  });

  it('tells what Node-RED said when it does not start', async () => {
    const broken = NodeRedProcess.start({ settings: { uiHost: '203.0.113.1' } });
    await assert.rejects(broken, /EADDRNOTAVAIL/);
  });

  it('is gone after stop, and so is its port', async () => {
    const { url, pid } = nodeRed;
    await nodeRed.stop();
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await assert.rejects(fetch(url));
  });
});
