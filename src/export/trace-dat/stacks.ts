/**
 * Call traces by name, as records with addresses: a capture keeps the functions' names, a trace.dat addresses and
 * the symbols to name them by.
 */
import type { PageLayout } from '../../readers/pages/page-layout';

/** `ftrace:kernel_stack`: its id, and where its addresses start. */
export interface StackFormat {
  readonly stackId: number;
  readonly stackOffset: number;
}

/** Below all kernel code. */
const FIRST_ADDRESS = { 4: 0x10_0000n, 8: 0xffff_0000_0000_0000n } as const;
const ADDRESS_STEP = 16n;
const NO_NAME = /^0x[0-9a-f]+$/;
/** Of a record: `common_type`, `common_flags`, `common_preempt_count`, `common_pid`. */
const COMMON_BYTES = 8;

export class TraceDatStacks {
  readonly #addresses = new Map<string, bigint>();
  #named = 0;

  readonly layout: PageLayout;
  readonly format: StackFormat;

  constructor(layout: PageLayout, format: StackFormat) {
    this.layout = layout;
    this.format = format;
  }

  /**
   * The record of a call trace, in the task and context of its event.
   * @param from holds the event's record at `offset`
   */
  recordOf(stack: readonly string[], from: DataView, offset: number): DataView {
    const { littleEndian, commitBytes } = this.layout;
    const { stackId, stackOffset } = this.format;
    const record = new DataView(new ArrayBuffer(stackOffset + stack.length * commitBytes));
    for (let at = 0; at < COMMON_BYTES; at++) record.setUint8(at, from.getUint8(offset + at));
    record.setUint16(0, stackId, littleEndian);
    record.setInt32(COMMON_BYTES, stack.length, littleEndian);
    stack.forEach((name, i) => {
      const at = stackOffset + i * commitBytes;
      const address = this.#addressOf(name);
      if (commitBytes === 8) record.setBigUint64(at, address, littleEndian);
      else record.setUint32(at, Number(address), littleEndian);
    });
    return record;
  }

  #addressOf(name: string): bigint {
    let address = this.#addresses.get(name);
    if (address === undefined) {
      const bits = this.layout.commitBytes * 8;
      // An address without a name is a symbol of its own: else it would be taken for the one below it.
      address = NO_NAME.test(name) ? BigInt.asUintN(bits, BigInt(name)) : this.#nextAddress();
      this.#addresses.set(name, address);
    }
    return address;
  }

  #nextAddress(): bigint {
    this.#named++;
    return FIRST_ADDRESS[this.layout.commitBytes] + BigInt(this.#named) * ADDRESS_STEP;
  }

  /** The symbols that name the addresses, as /proc/kallsyms has them. */
  symbols(): string {
    let lines = '';
    for (const [name, address] of this.#addresses) lines += `${address.toString(16)} t ${name}\n`;
    return lines;
  }
}
