import assert from 'node:assert/strict';
import { EventTable } from '../../../src/readers/pages/event-table';
import { X86_64_LAYOUT } from '../../../src/readers/pages/page-layout';

function format(name: string, id: number, field = 'int x;\toffset:8;\tsize:4;\tsigned:1;'): string {
  return `name: ${name}\nID: ${id}\nformat:\n\tfield:${field}\n\nprint fmt: "x"\n`;
}

describe('the table of a kernel’s events', () => {
  it('knows each by its id and its name, with its system', () => {
    const table = new EventTable(X86_64_LAYOUT);
    assert.equal(table.add(format('sched_switch', 314), 'sched'), true);
    assert.equal(table.add(format('mine', 2000)), true);
    assert.deepEqual(
      [table.nameOf(314), table.systemOf(314), table.idOf('sched_switch')],
      ['sched_switch', 'sched', 314],
    );
    assert.deepEqual([table.nameOf(2000), table.systemOf(2000), table.idOf('mine')], ['mine', '', 2000]);
    assert.deepEqual(
      [table.nameOf(1), table.systemOf(1), table.decoder(1), table.idOf('x')],
      Array(4).fill(undefined),
    );
  });

  it('keeps the texts in order, for a capture', () => {
    const table = new EventTable(X86_64_LAYOUT);
    const texts = [format('b', 2), format('a', 1)];
    for (const text of texts) table.add(text, 'mine');
    table.add('no format', 'mine');
    assert.deepEqual(
      table.formats,
      texts.map((text) => ({ system: 'mine', text })),
    );
  });

  it('makes one decoder for each event, once', () => {
    const table = new EventTable(X86_64_LAYOUT);
    table.add(format('a', 1));
    assert.equal(table.decoder(1), table.decoder(1));
    assert.equal(table.decoder(1)?.name, 'a');
  });

  it('takes the later of two formats with one id', () => {
    const table = new EventTable(X86_64_LAYOUT);
    table.add(format('a', 1));
    table.decoder(1);
    table.add(format('b', 1));
    assert.equal(table.decoder(1)?.name, 'b');
  });

  it('knows where the addresses of a call trace begin', () => {
    const table = new EventTable(X86_64_LAYOUT);
    assert.equal(table.stackId, -1);
    table.add(format('kernel_stack', 4, 'unsigned long caller;\toffset:12;\tsize:0;\tsigned:0;'), 'ftrace');
    assert.deepEqual([table.stackId, table.stackOffset], [4, 12]);
  });

  it('reads longs as wide as those of its pages', () => {
    const longs = 'unsigned long args[];\toffset:8;\tsize:0;\tsigned:0;';
    const record = new DataView(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0).buffer);
    const narrow = new EventTable({ ...X86_64_LAYOUT, commitBytes: 4, dataOffset: 12 });
    narrow.add(format('a', 1, longs));
    assert.deepEqual(narrow.decoder(1)?.fields(record), { args: [7, 8] });
  });
});
