/** The `format` files of whole kernels, from phones with 3.4 to servers with 7.3. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { isLocated, type EventFormat } from '../../src/readers/pages/event-format';
import { EventTable } from '../../src/readers/pages/event-table';
import { X86_64_LAYOUT } from '../../src/readers/pages/page-layout';
import { assertConsistent, parseWhole } from './consistent-format';
import { peerFile } from './peers';
import { RAW_KERNELS } from './raw-run';
import { recordingsOf } from './read-text';
import { tarFiles } from './tar-files';

function formatsIn(archive: string): Map<string, string> {
  const files = tarFiles(archive, (name) => path.basename(name) === 'format');
  return new Map([...files].map(([name, bytes]) => [name, bytes.toString('utf8')]));
}

describe('all format files of a stock kernel', () => {
  for (const kernel of RAW_KERNELS) {
    it(`of ${kernel} fit together`, () => {
      const formats = formatsIn(recordingsOf(kernel, 'formats'));
      assert.ok(formats.size > 700, `${formats.size} formats`);
      for (const [file, text] of formats) assertConsistent(file, text);
    });
  }
});

describe('all format files of phones with kernels 3.4 to 5.10, in Perfetto’s collection', () => {
  /** Perfetto's own, not a kernel's. */
  const MADE_BY_HAND = 'synthetic/events/sde/sde_evtlog';
  /** 3.10.40 says a size of 4 for its three elements of 4 bytes. */
  const WRONG_BY_ITS_KERNEL = 'android_flounder_lte_LRX16F_3.10.40/events/f2fs/f2fs_truncate_partial_nodes';
  /** Its ring buffer is none of ours: a record is the id and the fields after it. */
  const HYPERVISOR = /^hypervisor\//;
  const EMPTY = 'synthetic/events/trusty';

  const texts = new Map<string, string>();
  const formats = new Map<string, EventFormat>();

  before(function () {
    for (const [file, text] of formatsIn(peerFile(this, 'perfetto_ftrace_test_formats.tar.gz')))
      texts.set(file.replace(/^.*\/test\/data\//, '').replace(/\/format$/, ''), text);
    for (const [event, text] of texts) if (text !== '') formats.set(event, parseWhole(event, text));
  });

  it('are 4771, of which one is empty, with 40383 fields', () => {
    assert.equal(texts.size, 4771);
    assert.deepEqual(
      [...texts].filter(([, text]) => text === '').map(([event]) => event),
      [EMPTY],
    );
    let fields = 0;
    for (const format of formats.values()) fields += format.common.length + format.fields.length;
    assert.equal(fields, 40383);
  });

  it('fit together, but for one that is wrong, one made by hand, and those of a hypervisor', () => {
    for (const [event, text] of texts) {
      if (event === EMPTY || event === MADE_BY_HAND || event === WRONG_BY_ITS_KERNEL) continue;
      if (!HYPERVISOR.test(event)) assertConsistent(event, text);
    }
    for (const event of [MADE_BY_HAND, WRONG_BY_ITS_KERNEL])
      assert.throws(() => assertConsistent(event, texts.get(event)!), /begins in the field before it/);
  });

  it('have no common_pid where they are of a hypervisor', () => {
    const hypervisor = [...formats].filter(([event]) => HYPERVISOR.test(event));
    assert.equal(hypervisor.length, 17);
    for (const [event, { common }] of hypervisor) {
      assert.deepEqual(
        common.map((field) => field.name),
        ['common_type'],
        event,
      );
    }
  });

  it('name each event as its folder does', () => {
    for (const [event, format] of formats) assert.equal(format.name, path.basename(event));
  });

  it('leave the size of the last field open in the old ftrace events, with and without brackets', () => {
    const open = [...formats].flatMap(([event, { fields }]) =>
      fields.filter((field) => field.size === 0).map((field) => `${event.split('/').at(-1)!} ${field.type}`),
    );
    assert.deepEqual([...new Set(open)].sort(), [
      'bprint u32',
      'kernel_stack unsigned long',
      'print char',
      'raw_data char',
    ]);
    assert.equal(open.length, 17);
  });

  it('have sizes in brackets that only a compiler can work out', () => {
    const expressions = new Map<string, number>();
    for (const [name, text] of texts) {
      for (const [, field, inside] of text.matchAll(
        /^\tfield:[^;]* (\w+)\[([^\]\d][^\]]*|[^\]]*[^\]\d][^\]]*)\];/gm,
      )) {
        const found = formats.get(name)?.fields.find((candidate) => candidate.name === field);
        assert.ok(
          found !== undefined && found.elements * found.elementBytes === found.size,
          `${name} ${field!}`,
        );
        expressions.set(inside!, found.elements);
      }
    }
    assert.equal(expressions.get('TASK_COMM_LEN'), 16);
    assert.equal(expressions.get('32 + 1'), 33);
    assert.equal(expressions.get('(int)sizeof(struct ieee80211_ht_cap)'), 26);
    assert.equal(expressions.get('IEEE80211_NUM_BANDS'), 3);
  });

  it('point to text, to bytes, to integers and to pointers, each of its own size', () => {
    const located = new Map<string, number>();
    for (const { fields } of formats.values())
      for (const { type, elementBytes } of fields.filter((field) => isLocated(field.type)))
        located.set(type, elementBytes);
    assert.deepEqual(Object.fromEntries(located), {
      '__data_loc __u8[]': 1,
      '__data_loc char[]': 1,
      '__data_loc int[]': 4,
      '__data_loc struct nvmap_handle *[]': 8,
      '__data_loc u16[]': 2,
      '__data_loc u32[]': 4,
      '__data_loc u8[]': 1,
      '__data_loc unsigned char[]': 1,
      '__data_loc unsigned long[]': 8,
    });
  });

  it('make a table of each kernel, in which each event has its decoder and its system', () => {
    const kernels = new Set([...texts.keys()].map((event) => event.split('/')[0]!));
    for (const kernel of kernels) {
      const events = [...texts].filter(([event]) => event.startsWith(`${kernel}/`));
      const table = new EventTable(X86_64_LAYOUT);
      for (const [event, text] of events)
        assert.equal(table.add(text, event.split('/')[2]), text !== '', event);
      for (const [event] of events) {
        if (event === EMPTY) continue;
        // Perfetto's own files give some ids twice.
        const id = formats.get(event)!.id;
        const name = table.nameOf(id);
        assert.equal(table.decoder(id)?.name, name, `${kernel} ${id}`);
        if (name === path.basename(event))
          assert.equal(formats.get(`${kernel}/events/${table.systemOf(id)!}/${name}`)?.id, id);
      }
    }
  });
});
