/** What the editor asks signal-filter over HTTP, in a real Node-RED. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { NodeRedProcess } from '../harness/node-red-process';
import { temporaryFolder } from '../harness/temporary-folder';
import type { DryRunAnswer } from '../../nodes/signal-filter/dry-run';

const ROUTE = '/tracelife/signal-filter/dry-run';
const SEGV = path.resolve('test/fixtures/kernels/6.12/segv.txt');

interface Answer {
  readonly status: number;
  readonly body: Partial<DryRunAnswer> & { readonly code?: string; readonly message?: string };
}

describe('the requests that signal-filter answers', () => {
  let nodeRed: NodeRedProcess;
  const folder = temporaryFolder('dry-run');
  before(async function () {
    this.timeout(90_000);
    const readFolders = [folder, path.dirname(SEGV), '/nowhere'];
    nodeRed = await NodeRedProcess.start({ settings: { ftraceLife: { readFolders } } });
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'dry run' },
      { id: 'filter', type: 'signal-filter', z: 'tab', x: 0, y: 0, name: '', wires: [[], []], learn: true },
    ]);
  });
  after(() => nodeRed.stop());

  const ask = async (body: unknown): Promise<Answer> => {
    const response = await fetch(nodeRed.url + ROUTE, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };

  it('tell what rules say about the recorded example', async () => {
    const { status, body } = await ask({ rules: '[]', filename: 'example' });
    assert.equal(status, 200);
    assert.deepEqual(body.byRule, { 'default:killed-by-parent': 1 });
    assert.equal(body.total, 1);
    assert.equal(body.alerts?.[0]?.signal?.signal, 'SIGKILL');
    assert.ok((body.expected ?? 0) > 0 && (body.took ?? 0) > 0);
  });

  it('tell what rules say about a file', async () => {
    const rules = [{ name: 'mine', when: { signal: '@core' }, verdict: 'attention' }];
    const { body } = await ask({ rules, filename: SEGV });
    assert.deepEqual(body.byRule, { mine: 1 });
  });

  const refused: [what: string, body: unknown, status: number, code: string, message: RegExp][] = [
    [
      'rules that are wrong, with the place',
      { rules: '[{"name": "x", "when": {"signal": "SIGFOO"}, "verdict": "expected"}]', filename: 'example' },
      400,
      'CONFIG_INVALID',
      /rules\[0\]\.when\.signal.*SIGFOO/,
    ],
    ['rules that are no JSON', { rules: '[', filename: 'example' }, 400, 'CONFIG_INVALID', /JSON/],
    ['a file that is not there', { rules: [], filename: '/nowhere/x' }, 404, 'TRACE_MISSING', /ENOENT/],
    ['a folder', { rules: [], filename: folder }, 404, 'TRACE_MISSING', /not a file/],
    ['a file elsewhere', { rules: [], filename: '/etc/shadow' }, 403, 'FILE_DENIED', /readFolders/],
    ['a request without a file', { rules: [] }, 400, 'MESSAGE_INVALID', /example/],
  ];
  for (const [what, body, status, code, message] of refused) {
    it(`refuse ${what}`, async () => {
      const answer = await ask(body);
      assert.deepEqual([answer.status, answer.body.code], [status, code]);
      assert.match(answer.body.message!, message);
    });
  }

  it('tell what they could read of a damaged file, and how much they could not', async () => {
    const file = path.join(folder, 'damaged.txt');
    const text = readFileSync(SEGV);
    writeFileSync(
      file,
      Buffer.concat([text.subarray(0, text.length / 2), Buffer.from('\0garbage\n'.repeat(50))]),
    );
    const { status, body } = await ask({ rules: [], filename: file });
    assert.equal(status, 200);
    assert.ok((body.unexplained ?? 0) > 0);
  });

  it('end a dry run when whoever asked is gone, and take the next', async () => {
    const file = path.join(folder, 'long.txt');
    const text = readFileSync(SEGV);
    writeFileSync(file, Buffer.concat(Array<Buffer>(400).fill(text)));
    const begin = (): { request: http.ClientRequest; isOver: boolean } => {
      const request = http.request(nodeRed.url + ROUTE, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
      });
      const long = { request, isOver: false };
      request.on('error', () => undefined);
      request.once('response', () => (long.isOver = true));
      request.end(JSON.stringify({ rules: [], filename: file }));
      return long;
    };
    let long = begin();
    // It is at work when another is refused.
    for (;;) {
      const { status, body } = await ask({ rules: [], filename: 'example' });
      // The short one was there first, and the long one was refused.
      if (long.isOver) long = begin();
      if (status !== 429) continue;
      assert.equal(body.code, 'BUSY');
      break;
    }
    const { request } = long;
    const closed = new Promise((resolve) => request.once('close', resolve));
    request.destroy();
    if (!request.closed) await closed;
    for (;;) if ((await ask({ rules: [], filename: 'example' })).status === 200) break;
  });

  it('give the rules that a node proposes, and 404 for a node that does not run', async () => {
    const proposal = await nodeRed.request('GET', '/tracelife/signal-filter/filter/proposal');
    assert.deepEqual(proposal, { rules: [], runs: 0, leftOut: 0 });
    await assert.rejects(nodeRed.request('GET', '/tracelife/signal-filter/other/proposal'), /404/);
  });
});
