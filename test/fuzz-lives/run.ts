/**
 * `npm run fuzz:lives -- --minutes 3 --seed 1`: random programs of process life, until the time has passed or so many
 * `--programs` were played. Each difference between the report and the programs' own truth is printed once for each kind,
 * with its seed and the smallest program that shows it; `--log` prints what the players wrote too, `--only REGEXP`
 * keeps to differences that match. Ends with 1 where there is one; with `--steady` only where the same program shows it in
 * half of the times that it is played again, as the events of a loaded machine are late in ways that no program repeats.
 */
import { parseArgs } from 'node:util';
import { play, type Stage } from './play';
import { programOf, programText } from './program';
import { kindOf, shrink, TIMES, timesSeen } from './shrink';

const BATCH = 150;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      programs: { type: 'string', default: 'Infinity' },
      stage: { type: 'string' },
      'no-shrink': { type: 'boolean', default: false },
      log: { type: 'boolean', default: false },
      steady: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
    },
  });
  const until = Date.now() + Number(values.minutes) * 60_000;
  const only = new RegExp(values.only);
  const first = Number(values.seed);
  const seen = new Map<string, number>();
  let played = 0;
  let steady = 0;
  for (let turn = 0; played < Number(values.programs) && Date.now() < until; turn++) {
    const stage = (values.stage ?? (turn % 2 === 0 ? 'here' : 'namespace')) as Stage;
    const count = Math.min(BATCH, Number(values.programs) - played);
    const programs = Array.from({ length: count }, (_, n) => programOf(first + played + n));
    const finds = await play(programs, stage);
    played += count;
    for (const { program, differences, lines } of finds) {
      for (const difference of differences) {
        if (!only.test(difference)) continue;
        const kind = kindOf(difference);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        if (seen.get(kind) !== 1) continue;
        console.log(`FOUND --seed ${program.id} --programs 1 --stage ${stage}\n${difference}`);
        if (values.log) {
          for (const { ts, pid, tid, verb, words } of lines)
            console.log(`  ${ts.toFixed(9)} ${pid}/${tid} ${verb} ${words.join(' ')}`);
        }
        if (values.steady) {
          const times = await timesSeen(program, stage, difference);
          console.log(`seen again in ${times} of ${TIMES} times\n${programText(program)}`);
          if (times >= TIMES / 2) steady++;
        }
        if (values['no-shrink']) continue;
        const small = await shrink(program, stage, difference);
        console.log(small === null ? 'not seen again' : programText(small));
      }
    }
  }
  console.log(`${played} programs played, ${seen.size} kinds of difference`);
  for (const [kind, times] of [...seen].sort((one, other) => other[1] - one[1]))
    console.log(`${times}  ${kind}`);
  if ((values.steady ? steady : seen.size) > 0) process.exitCode = 1;
}

void main();
