/** What trace-cmd recorded, beside what trace-cmd says of it. Origin: test/fixtures/ORIGIN.md. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { DatFolder, readDat } from './read-dat';
import { FIXTURES } from './read-text';
import { assertSame, readReport } from './trace-cmd-report';

const RECORDED = path.join(FIXTURES, 'trace-dat');

describe('a trace.dat that trace-cmd recorded', () => {
  const folder = new DatFolder();
  after(() => {
    folder.remove();
  });

  for (const [name, report] of [
    ['v6-instances', 'v6-instances'],
    ['v7-instances', 'v7-instances'],
    ['v7-zstd-instances', 'v7-instances'],
  ] as const) {
    it(`gives each event, instance and field that trace-cmd prints: ${name}`, async () => {
      const lines = readReport(path.join(RECORDED, `${report}.report-tR.txt.gz`));
      const read = await readDat(folder.unpack(path.join(RECORDED, `${name}.dat.gz`)));
      assert.deepEqual({ damage: read.damage, lost: read.lost }, { damage: [], lost: [] });
      assert.equal(read.events.length, lines.length);
      read.events.forEach((event, i) => {
        assertSame(event, lines[i]!);
      });
      const instances = new Set(read.events.map((event) => event.instance));
      assert.deepEqual(instances, new Set([undefined, 'wakes', 'sys']));
    });

    it(`says where it comes from, and that nothing was lost: ${name}`, async () => {
      const { notes, events } = await readDat(folder.unpack(path.join(RECORDED, `${name}.dat.gz`)));
      assert.deepEqual(notes, [
        { kind: 'trace', kernel: '6.12.117+deb12-cloud-amd64', clock: 'local', cpus: 3, host: 'guest' },
        { kind: 'end', ts: events.at(-1)!.ts, overrun: 0, dropped: 0 },
      ]);
    });

    it(`knows tasks by the names that were saved with it: ${name}`, async () => {
      const { events } = await readDat(folder.unpack(path.join(RECORDED, `${name}.dat.gz`)));
      const kill = events.find((event) => event.name === 'sys_enter_kill');
      assert.equal(kill?.comm, 'sh');
    });
  }
});
