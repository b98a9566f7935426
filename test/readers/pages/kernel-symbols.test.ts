import assert from 'node:assert/strict';
import { KernelSymbols } from '../../../src/readers/pages/kernel-symbols';

/** The lower 48 bits of ffffffff81000000 and so on. */
const BASE = 0xffff81000000;

const KALLSYMS = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000100 t do_one_initcall
ffffffff81000180 d a_table_between
ffffffff81000200 W weak_alias
ffffffff81000200 T strong_name
ffffffffc0200000 t ext4_open\t[ext4]
ffffffff81000300 T last_of_the_kernel
`;

describe('the names of kernel addresses', () => {
  const symbols = new KernelSymbols(() => KALLSYMS);
  const places: [string, number, string | null][] = [
    ['the first byte of a function', BASE + 0x100, 'do_one_initcall'],
    ['a byte inside it', BASE + 0x1ff, 'do_one_initcall'],
    ['the first byte of the next', BASE + 0x200, 'weak_alias'],
    ['a place with several names: the first, as the kernel prints', BASE, '_stext'],
    ['a function after data: the data do not count', BASE + 0x190, 'do_one_initcall'],
    ['a module, though the list is not in order', 0xffffc0200010, 'ext4_open'],
    ['an address of a program', 0x7faaf752c431, null],
    ['zero', 0, null],
  ];
  for (const [what, address, name] of places) {
    it(`${what}: ${name ?? 'none'}`, () => {
      assert.equal(symbols.nameOf(address), name);
    });
  }

  it('are read once, and only when one is wanted', () => {
    let reads = 0;
    const counted = new KernelSymbols(() => {
      reads++;
      return KALLSYMS;
    });
    assert.equal(reads, 0);
    counted.nameOf(BASE);
    counted.nameOf(BASE + 0x100);
    assert.equal(reads, 1);
  });

  it('are none where the kernel hides addresses', () => {
    const hidden = new KernelSymbols(() => KALLSYMS.replace(/^[0-9a-f]{16}/gm, '0'.repeat(16)));
    assert.equal(hidden.nameOf(BASE), null);
  });

  it('are none where kallsyms may not be read', () => {
    assert.equal(new KernelSymbols(() => '').nameOf(BASE), null);
  });

  it('may belong to the shorter addresses of a 32-bit kernel', () => {
    const arm = new KernelSymbols(() => 'c0100000 T _stext\nc0100200 T do_exit\nbf000000 t open\t[ext4]\n');
    assert.equal(arm.nameOf(0xc0100204), 'do_exit');
    assert.equal(arm.nameOf(0xbf000004), 'open');
  });

  it('are not upset by lines of another shape', () => {
    const odd = new KernelSymbols(() => `\n\0\nnot an address T x\nffffffff81000100\n${KALLSYMS}`);
    assert.equal(odd.nameOf(BASE + 0x100), 'do_one_initcall');
  });
});
