/** Pages of phones and servers from other projects' tests, read where they are. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { EventTable } from '../../src/readers/pages/event-table';
import { KernelSymbols } from '../../src/readers/pages/kernel-symbols';
import { parseHeaderPage, X86_64_LAYOUT, type PageLayout } from '../../src/readers/pages/page-layout';
import type { RingBatch } from '../../src/readers/pages/ring-batch';
import { RingReader } from '../../src/readers/pages/ring-reader';
import { TaskNames } from '../../src/readers/pages/task-names';
import { peerFile } from './peers';
import { pagesOf } from './raw-run';
import { swapPage } from './swap-page';
import { tarFiles } from './tar-files';

describe('pages of other projects (../shared/traces/peers/pages)', () => {
  /** By path, such as `synthetic/events/sched/sched_switch/format`. */
  const files = new Map<string, string>();
  let folder = '';

  before(function () {
    const archive = peerFile(this, 'perfetto_ftrace_test_formats.tar.gz');
    folder = peerFile(this, 'pages');
    const isWanted = (file: string): boolean =>
      /\/(?:synthetic(?:_alt)?|b281660544_(?:new|old))\//.test(file);
    for (const [file, bytes] of tarFiles(archive, isWanted))
      files.set(file.replace(/^.*\/test\/data\//, ''), bytes.toString('utf8'));
  });

  /** The `format` files that a page needs are in the name of its file. */
  function formatsOf(file: string): string[] {
    const events = `${/__(.*)\.raw$/.exec(file)?.[1] ?? 'synthetic'}/events/`;
    const ofSet = [...files].filter(([name]) => name.startsWith(events) && path.basename(name) === 'format');
    assert.ok(ofSet.length > 0, events);
    return ofSet.map(([, text]) => text);
  }

  function layoutOf(file: string): PageLayout {
    const stated = files.get(`${/__(.*)\.raw$/.exec(file)?.[1] ?? 'synthetic'}/events/header_page`);
    return (stated === undefined ? null : parseHeaderPage(stated, true)) ?? X86_64_LAYOUT;
  }

  function batchOfPages(file: string, layout: PageLayout, pages: readonly Uint8Array[]): RingBatch {
    const table = new EventTable(layout);
    for (const text of formatsOf(file)) table.add(text);
    const symbols = new KernelSymbols(() => '');
    const ring = new RingReader({
      table,
      names: new TaskNames(),
      symbols,
      flagStyle: { columns: 4, lazyReschedule: false },
      clockInNs: true,
      instances: [''],
    });
    const stream = ring.addStream(0, 0);
    pages.forEach((page, index) => {
      ring.push(stream, page, index * 4096);
    });
    const batch = ring.flush(null);
    assert.deepEqual(batch.damage, [], file);
    return batch;
  }

  function batchOf(file: string, ofLayout: Partial<PageLayout> = {}): RingBatch {
    return batchOfPages(file, { ...layoutOf(file), ...ofLayout }, pagesOf(path.join(folder, file)));
  }

  /** Microseconds as ftrace prints them. */
  function micros(batch: RingBatch): string[] {
    return batch.toArray().map((event) => event.ts.toFixed(6));
  }

  it('have three prints, minutes apart by time extends', () => {
    const batch = batchOf('g_three_prints__synthetic.raw');
    assert.deepEqual(micros(batch), ['615436.216806', '615486.377232', '615495.632679']);
    assert.deepEqual(
      batch.toArray().map((event) => [event.pid, event.fields['buf'], event.flags]),
      [
        [30693, 'Hello, world!\n', '...1'],
        [30693, 'Good afternoon, world!\n', '...1'],
        [30693, 'Goodbye, world!\n', '...1'],
      ],
    );
  });

  const prints: [string, string][] = [
    ['g_single_print__synthetic.raw', 'Hello, world!\n'],
    ['g_single_print_non_null_terminated__synthetic.raw', 'Hello, world!aaa'],
    ['g_single_print_zero_size__synthetic.raw', ''],
  ];
  for (const [file, text] of prints) {
    it(`${file}: one print of ${JSON.stringify(text)}`, () => {
      const batch = batchOf(file);
      assert.deepEqual(micros(batch), ['608934.535199']);
      assert.equal(batch.at(0).fields['buf'], text);
    });
  }

  it('have an event of a kilobyte, and one after it', () => {
    const batch = batchOf('g_really_long_event__synthetic.raw');
    assert.deepEqual(micros(batch), ['282762.884473', '282762.884492']);
    assert.match(String(batch.at(0).fields['buf']), /^qwertyuiop.{900,}ppp\n$/s);
    assert.equal(batch.at(1).fields['buf'], '\n');
  });

  it('have six context switches, with names that end at their NUL', () => {
    const batch = batchOf('g_six_sched_switch__synthetic.raw');
    assert.deepEqual(micros(batch), [
      '1045157.722134',
      '1045157.725035',
      '1045157.725182',
      '1045157.725671',
      '1045157.726668',
      '1045157.726697',
    ]);
    assert.deepEqual(batch.at(1).fields, {
      prev_comm: 'sleep',
      prev_pid: 3733,
      prev_prio: 120,
      prev_state: 2048,
      next_comm: 'rcuop/0',
      next_pid: 10,
      next_prio: 120,
    });
    assert.equal(batch.at(1).flags, 'd..3');
  });

  it('stop without an error at the zeros of a page whose commit is too large', () => {
    const batch = batchOf('g_zero_padded__synthetic.raw');
    assert.equal(batch.length, 81);
    const page = pagesOf(path.join(folder, 'g_zero_padded__synthetic.raw'))[0]!;
    const { buffer, byteOffset, byteLength } = batch.at(80).record;
    const end = Buffer.from(page).lastIndexOf(new Uint8Array(buffer, byteOffset, byteLength)) + byteLength;
    assert.ok(end > byteLength);
    assert.ok(page.subarray(end, 4096).every((byte) => byte === 0));
    assert.equal(batch.at(0).fields['buf'], 'E|639\n');
  });

  it('may have a commit of 4 bytes, and nothing in them', () => {
    assert.equal(batchOf('g_four_byte_commit__synthetic.raw', { commitBytes: 4, dataOffset: 12 }).length, 0);
  });

  it('tell a loss with its number, after a full page', () => {
    const batch = batchOf('g_full_page_ext4__synthetic.raw');
    assert.deepEqual(batch.lost, [{ cpu: 0, ts: 174991.234104912, count: 17141 }]);
    assert.deepEqual(micros(batch).slice(0, 4), [
      '174991.234105',
      '174991.234108',
      '174991.234118',
      '174991.234126',
    ]);
  });

  it('have one field of three elements on one kernel, and three fields on another', () => {
    const file = 'g_f2fs_truncate_partial_nodes';
    assert.deepEqual(batchOf(`${file}_new__b281660544_new.raw`).at(0).fields['nid'], [1, 2, 3]);
    assert.equal(batchOf(`${file}_old__b281660544_old.raw`).at(0).pid, 8576);
  });

  const counts: [string, number][] = [
    ['g_full_page_sched_switch__synthetic.raw', 59],
    ['perfetto_one_page_sched_switch.raw', 59],
    ['g_sched_page__synthetic_alt.raw', 7],
    ['g_generic_sched_page__synthetic_alt.raw', 3],
    ['g_suspend_resume__synthetic.raw', 13],
    ['schedviz_cpu0.raw', 1366],
  ];
  for (const [file, events] of counts) {
    it(`${file}: ${events} events, none earlier than the one before`, () => {
      const times = batchOf(file)
        .toArray()
        .map((event) => event.ts);
      assert.equal(times.length, events);
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    });
  }

  it('are 17 files, one of them of 21 pages', () => {
    const named = fs.readdirSync(folder).filter((name) => name.endsWith('.raw'));
    assert.equal(named.length, 17);
    assert.equal(pagesOf(path.join(folder, 'schedviz_cpu0.raw')).length, 21);
  });

  /** For events that the set has no format of: what every record begins with. */
  function commonOnly(batch: RingBatch): string[] {
    const fields = [
      'unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
      'int common_pid;\toffset:4;\tsize:4;\tsigned:1;',
    ].map((field) => `\tfield:${field}\n`);
    const unknown = [...batch].filter((event) => event.name.startsWith('unknown_event_'));
    return [...new Set(unknown.map((event) => event.id))].map(
      (id) => `name: unknown\nID: ${id}\nformat:\n${fields.join('')}\nprint fmt: "x"\n`,
    );
  }

  // Not the full page of ext4: the set's formats are another kernel's, and do not fit its records.
  const turned = [
    ...prints.map(([file]) => file),
    ...counts.map(([file]) => file),
    'g_three_prints__synthetic.raw',
    'g_really_long_event__synthetic.raw',
    'g_six_sched_switch__synthetic.raw',
    'g_f2fs_truncate_partial_nodes_new__b281660544_new.raw',
    'g_f2fs_truncate_partial_nodes_old__b281660544_old.raw',
  ];
  for (const file of turned) {
    it(`${file}: the same from a big-endian machine`, () => {
      const layout = layoutOf(file);
      const original = batchOf(file);
      const formats = [...formatsOf(file), ...commonOnly(original)];
      const pages = pagesOf(path.join(folder, file)).map((page) => swapPage(page, layout, formats));
      const swapped = batchOfPages(file, { ...layout, littleEndian: false }, pages);
      assert.ok(original.length > 0);
      assert.deepEqual(swapped.toArray(), original.toArray());
      assert.deepEqual(swapped.lost, original.lost);
    });
  }
});
