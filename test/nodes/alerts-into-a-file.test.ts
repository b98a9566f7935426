import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NodeRedProcess } from '../harness/node-red-process';
import { temporaryFolder } from '../harness/temporary-folder';
import { anAlert, example, fedInto, FEED, withVariables } from './example-flows';

const FILE = 'alerts/2 Alerts into a file.json';

describe('the example "Alerts into a file"', function () {
  this.timeout(90_000);
  let nodeRed: NodeRedProcess;
  let file: string;
  before(async () => {
    nodeRed = await NodeRedProcess.start();
  });
  after(() => nodeRed.stop());
  beforeEach(() => {
    file = path.join(temporaryFolder('alerts'), 'log/alerts.jsonl');
  });

  const alerts = (count: number): Record<string, unknown>[] =>
    Array.from({ length: count }, (_, n) => anAlert({ id: `alert ${n}`, reason: 'é'.repeat(n % 70) }));

  async function write(count: number, bytes: number, keep: number): Promise<void> {
    const flow = withVariables(example(FILE), { ALERTS_FILE: file, ALERTS_BYTES: bytes, ALERTS_KEEP: keep });
    await nodeRed.deploy(fedInto(flow, 'file-write', alerts(count)));
    await nodeRed.inject(FEED);
    await nodeRed.takeDebug(count, ({ id }) => id === 'file-written');
  }

  /** The files from the oldest to the newest. */
  function files(): string[] {
    const age = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
    return readdirSync(path.dirname(file))
      .sort((a, b) => age(b) - age(a))
      .map((name) => path.join(path.dirname(file), name));
  }

  function ids(): string[] {
    return files().flatMap((each) => {
      const text = readFileSync(each, 'utf8');
      assert.ok(text.endsWith('\n'), each);
      return text
        .slice(0, -1)
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id);
    });
  }

  it('writes the alert of its button', async () => {
    await nodeRed.deploy(withVariables(example(FILE), { ALERTS_FILE: file }));
    await nodeRed.inject('file-inject');
    await nodeRed.nextDebug(({ id }) => id === 'file-written');
    const alert = JSON.parse(readFileSync(file, 'utf8')) as { text: string; severity: string };
    assert.match(alert.text, /^sleep \(\d+\) was killed \(SIGKILL\)/);
    await nodeRed.nextStatus('file-write', ({ text }) => text === 'lines: 1');
  });

  it('loses and doubles no line over many rotations, and keeps to the size', async () => {
    await write(300, 4000, 100);
    assert.ok(files().length > 20, `only ${files().length} files`);
    assert.deepEqual(
      ids(),
      alerts(300).map(({ id }) => id),
    );
    for (const each of files()) assert.ok(statSync(each).size <= 4000, each);
  });

  it('drops the oldest files only, beyond the number that is kept', async () => {
    await write(300, 4000, 3);
    assert.deepEqual(
      files().map((each) => path.basename(each)),
      ['alerts.jsonl.3', 'alerts.jsonl.2', 'alerts.jsonl.1', 'alerts.jsonl'],
    );
    const kept = ids();
    assert.deepEqual(
      kept,
      alerts(300)
        .slice(-kept.length)
        .map(({ id }) => id),
    );
  });

  it('goes on in the file that it finds, and in a line of its own where that was cut off', async () => {
    mkdirSync(path.dirname(file));
    writeFileSync(file, '{"id":"before"}\n{"id":"cut o');
    await write(2, 1_000_000, 3);
    const [before, cut, ...own] = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.deepEqual([before, cut], ['{"id":"before"}', '{"id":"cut o']);
    assert.deepEqual(
      own.map((line) => (JSON.parse(line) as { id: string }).id),
      ['alert 0', 'alert 1'],
    );
  });

  it('sends an alert that cannot be written to Catch', async () => {
    mkdirSync(file, { recursive: true });
    const flow = withVariables(example(FILE), { ALERTS_FILE: file });
    await nodeRed.deploy(fedInto(flow, 'file-write', alerts(1)));
    await nodeRed.inject(FEED);
    const { value } = await nodeRed.nextDebug(({ id }) => id === 'file-error');
    assert.match(JSON.stringify(value), /EISDIR/);
  });
});
