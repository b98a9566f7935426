/** Files of other projects, read where they are, beside what trace-cmd says of them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { peerFile } from './peers';
import { DatFolder, readDat } from './read-dat';
import { assertSame, readReport } from './trace-cmd-report';

const FILES = [
  'lisa_sched_load',
  'trappy_raw_trace',
  'trappy_trace',
  'trappy_trace_idle',
  'v7_zstd_from_lisa_sched_load',
];

describe('a trace.dat of another project (../shared/traces/peers/dat)', () => {
  let folder: DatFolder | undefined;
  let peers = '';

  before(function () {
    peers = path.dirname(peerFile(this, 'dat'));
    folder = new DatFolder();
  });

  after(() => folder?.remove());

  for (const name of FILES) {
    it(`gives each event and field that trace-cmd prints: ${name}`, async () => {
      const lines = readReport(path.join(peers, `expected/${name}.report-tR.txt.gz`));
      const { events, damage, lost } = await readDat(folder!.unpack(path.join(peers, `dat/${name}.dat.gz`)));
      assert.deepEqual({ damage, lost }, { damage: [], lost: [] });
      assert.ok(lines.length > 40);
      assert.equal(events.length, lines.length);
      events.forEach((event, i) => {
        assertSame(event, lines[i]!);
      });
    });
  }
});
