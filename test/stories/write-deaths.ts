/** `node dist/test/stories/write-deaths.js [PATTERN]`: plays the cases and writes what is said into docs/deaths.md. */
import { CASES } from './cases';
import { rowOf, titleOf, writeTable, type Row } from './deaths-table';
import { judge } from './judge';

/** Most of their time is waiting. */
const AT_A_TIME = 5;

async function main(): Promise<void> {
  const pattern = new RegExp(process.argv[2] ?? '.', 'i');
  const rows = new Map<string, Row>();
  const waiting = CASES.filter((each) => pattern.test(titleOf(each)));
  const playOn = async (): Promise<void> => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      try {
        const answer = await each.play();
        const faults = judge(each, answer);
        if (faults.length === 0) {
          rows.set(titleOf(each), rowOf(each, answer));
          writeTable(CASES, rows);
        } else console.log(`${titleOf(each)}:\n  ${faults.join('\n  ')}\n  ${answer.firstLine}`);
      } catch (error) {
        console.log(`${titleOf(each)}: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, playOn));
}

void main();
