/** Columns for the records of pages, as the reader has them, for tests of the pages alone. */
import type { PageDamageCode, RecordSink, SinkColumns } from '../../src/readers/pages/page-records';
import { copyRows, makeColumns, type OpenColumns } from '../../src/readers/pages/record-columns';
import type { Damage } from '../../src/trace-event';

export class RecordRows implements RecordSink {
  columns: OpenColumns = makeColumns(0, 0, 0);
  lastSec = -1;
  lastNsec = 0;
  readonly damage: Damage[] = [];
  /** Where the call traces were that found their event. */
  readonly stacks: { readonly row: number; readonly offset: number; readonly size: number }[] = [];

  readonly stackId: number;

  /** @param stackId the id of call traces, which all belong to the row before them */
  constructor(stackId = -1) {
    this.stackId = stackId;
  }

  reserve(rows: number): SinkColumns {
    const { length } = this.columns;
    if (length + rows > this.columns.sec.length) {
      const larger = makeColumns(0, 0, length + rows);
      copyRows(this.columns, 0, length, larger);
      this.columns = larger;
    }
    return this.columns;
  }

  attachStack(offset: number, size: number): boolean {
    const row = this.columns.length - 1;
    if (row < 0) return false;
    this.stacks.push({ row, offset, size });
    return true;
  }

  damaged(code: PageDamageCode, atByte: number): void {
    this.damage.push({ code, atByte });
  }

  ticks(row: number): bigint {
    return BigInt(this.columns.sec[row]!) * 1_000_000_000n + BigInt(this.columns.nsec[row]!);
  }
}
