/** `node dist/test/stories/write-deaths.js [PATTERN]`: plays the cases and writes what is said into docs/deaths.md. */
import { CASES } from './cases';
import { rowOf, titleOf, writeTable, type Row } from './deaths-table';
import { judge } from './judge';

async function main(): Promise<void> {
  const pattern = new RegExp(process.argv[2] ?? '.', 'i');
  const rows = new Map<string, Row>();
  for (const each of CASES) {
    if (!pattern.test(titleOf(each))) continue;
    try {
      const answer = await each.play();
      const faults = judge(each, answer);
      if (faults.length === 0) rows.set(titleOf(each), rowOf(each, answer));
      else console.log(`${titleOf(each)}:\n  ${faults.join('\n  ')}`);
    } catch (error) {
      console.log(`${titleOf(each)}: ${String(error)}`);
    }
  }
  writeTable(CASES, rows);
}

void main();
