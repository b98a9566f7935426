/**
 * The long run: `node dist/test/oracle/run.js --times 50`, of one workload `--only make`, ended early `--minutes 10`.
 *
 * Tells each difference that has no explanation as it comes, keeps what both said, and ends with 1.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compareBoth, whyMissing, recordBoth, type Recorded } from './both';
import { tell } from './compare';
import { WORKLOADS, type Workload } from './workloads';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '30' },
    only: { type: 'string', default: '' },
  },
});

interface Tally {
  runs: number;
  agreed: number;
  finds: number;
  readonly explained: Map<string, number>;
}

function keep({ strace, report }: Recorded): string {
  const kept = mkdtempSync(path.join(tmpdir(), 'ftrace-life-oracle-find-'));
  writeFileSync(path.join(kept, 'strace.log'), strace);
  writeFileSync(path.join(kept, 'report.json'), JSON.stringify(report, null, 1));
  return kept;
}

async function runOnce(workload: Workload, tally: Tally): Promise<void> {
  tally.runs++;
  let recorded: Recorded | null = null;
  let find: string;
  try {
    recorded = await recordBoth(workload);
    const told = compareBoth(recorded, workload);
    tally.agreed += told.agreed;
    for (const [name, count] of told.explained)
      tally.explained.set(name, (tally.explained.get(name) ?? 0) + count);
    find = tell(told.unexplained);
  } catch (error) {
    find = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  if (find === '') return;
  tally.finds++;
  console.log(
    `${workload.name}, run ${tally.runs}, kept in ${recorded ? keep(recorded) : 'nothing'}:\n${find}`,
  );
}

async function runAll(): Promise<void> {
  const until = Date.now() + Number(values.minutes) * 60_000;
  const tallies = new Map<Workload, Tally>();
  for (const workload of WORKLOADS) {
    if (!workload.name.includes(values.only)) continue;
    const reason = whyMissing(workload);
    if (reason === undefined) tallies.set(workload, { runs: 0, agreed: 0, finds: 0, explained: new Map() });
    else console.error(`SKIPPED: ${workload.name} needs ${reason}`);
  }
  for (let time = 1; time <= Number(values.times); time++)
    for (const [workload, tally] of tallies) if (Date.now() < until) await runOnce(workload, tally);
  for (const [{ name }, { runs, agreed, finds, explained }] of tallies) {
    const why = [...explained].map(([reason, count]) => `${count} by "${reason}"`).join(', ');
    console.log(`${name}: ${runs} runs, ${agreed} facts agree, ${finds} finds; explained: ${why || 'none'}`);
    if (finds > 0) process.exitCode = 1;
  }
}

void runAll();
