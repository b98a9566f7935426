/** Files of other projects, read where they are, beside what trace-cmd says of them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { skipLoudly } from '../harness/requirements';
import { DatFolder, readDat } from './read-dat';
import { assertSame, readReport } from './trace-cmd-report';

const PEERS = path.join(process.cwd(), '../shared/traces/peers');
const FILES = [
  'lisa_sched_load',
  'trappy_raw_trace',
  'trappy_trace',
  'trappy_trace_idle',
  'v7_zstd_from_lisa_sched_load',
];

describe('a trace.dat of another project (../shared/traces/peers/dat)', () => {
  let folder: DatFolder | undefined;

  before(function () {
    if (!fs.existsSync(path.join(PEERS, 'dat'))) skipLoudly(this, path.join(PEERS, 'dat'));
    folder = new DatFolder();
  });

  after(() => folder?.remove());

  for (const name of FILES) {
    it(`gives each event and field that trace-cmd prints: ${name}`, async () => {
      const lines = readReport(path.join(PEERS, `expected/${name}.report-tR.txt.gz`));
      const { events, damage, lost } = await readDat(folder!.unpack(path.join(PEERS, `dat/${name}.dat.gz`)));
      assert.deepEqual({ damage, lost }, { damage: [], lost: [] });
      assert.ok(lines.length > 40);
      assert.equal(events.length, lines.length);
      events.forEach((event, i) => {
        assertSame(event, lines[i]!);
      });
    });
  }
});
