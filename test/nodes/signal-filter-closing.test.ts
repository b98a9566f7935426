/** What signal-filter holds back when it is closed, in a real Node-RED. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Alert } from '../../src/model/report';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';

const RULES = JSON.stringify([{ name: 'usr1', when: { signal: 'USR1' }, verdict: 'attention' }]);

/** Five of the same signal: the first is sent at once, four are held. */
const FIVE = `
const records = [0, 1, 2, 3, 4].map((after) => ({
  ts: 100 + after, time: null, signal: 'SIGUSR1', number: 10, code: 'SI_USER', result: 'delivered', origin: 'kill',
  fatal: false, control: false, sender: { pid: 1, comm: 'init', inTree: false, irq: false },
  target: { pid: 7, tgid: 7, comm: 'a.out' }, generated: null, delivered: null, latency: null,
}));
return { topic: 't', payload: records };`;

function flow(file: string, name = ''): FlowNode[] {
  const node = (id: string, type: string, wires: string[][], settings = {}): FlowNode => ({
    id,
    type,
    z: 'tab',
    x: 0,
    y: 0,
    name: '',
    wires,
    ...settings,
  });
  return [
    { id: 'tab', type: 'tab', label: 'closing' },
    node('inject', 'inject', [['five']], { props: [], once: false, repeat: '' }),
    node('five', 'function', [['filter']], { func: FIVE, outputs: 1, libs: [] }),
    node('filter', 'signal-filter', [['debug', 'line'], []], { rules: RULES, intervalSeconds: 3600, name }),
    node('debug', 'debug', [], { active: true, tosidebar: true, complete: 'payload', targetType: 'msg' }),
    node('line', 'json', [['file']], { property: 'payload', action: 'str' }),
    node('file', 'file', [[]], {
      filename: file,
      filenameType: 'str',
      appendNewline: true,
      overwriteFile: 'false',
    }),
  ];
}

describe('signal-filter, when it is closed with alerts held back', () => {
  let nodeRed: NodeRedProcess;
  let file: string;
  const counts = (): number[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Alert).count);
  const begin = async (): Promise<void> => {
    await nodeRed.inject('inject');
    await nodeRed.nextDebug((message) => message.id === 'debug');
    await nodeRed.nextStatus('filter', (status) => /alerts: 5/.test(JSON.stringify(status)));
  };

  before(async function () {
    this.timeout(90_000);
    nodeRed = await NodeRedProcess.start();
    file = path.join(nodeRed.userDir, 'alerts.ndjson');
  });
  after(() => nodeRed.stop());

  it('sends them when it alone is deployed anew', async () => {
    await nodeRed.deploy(flow(file));
    await begin();
    await nodeRed.request(
      'POST',
      '/flows',
      { flows: flow(file, 'renamed') },
      { 'Node-RED-Deployment-Type': 'nodes' },
    );
    await nodeRed.nextDebug(
      (message) => message.id === 'debug' && JSON.stringify(message).includes('4 times in 3'),
    );
    assert.deepEqual(counts(), [1, 4]);
  });

  const told = (name: string): number =>
    nodeRed.log.received.filter((line) =>
      line.includes(`[signal-filter:${name}] closed: 4 alerts were held back and are sent now`),
    ).length;

  it('tells them in the log when all is deployed anew, as the nodes after it are closed too', async () => {
    await nodeRed.deploy(flow(file, 'again'));
    await begin();
    await nodeRed.deploy(flow(file, 'once more'));
    assert.equal(told('again'), 1);
    assert.match(nodeRed.output, /4 times in 3 s, the last: a\.out \(7\) was sent SIGUSR1 by init \(1\)/);
  });

  it('tells them in the log when Node-RED stops', async () => {
    await begin();
    await nodeRed.stop();
    assert.equal(told('once more'), 1);
  });
});
