/** `node dist/test/stories/run.js [PATTERN]`: plays the cases whose program or deed matches, and prints what is said. */
import { ALL_CASES } from './cases';
import { judge } from './judge';

async function main(): Promise<void> {
  const pattern = new RegExp(process.argv[2] ?? '.', 'i');
  for (const each of ALL_CASES) {
    if (!pattern.test(`${each.program}: ${each.did}`)) continue;
    console.log(`== ${each.program}: ${each.did}`);
    try {
      const answer = await each.play();
      console.log(`   ${answer.firstLine}`);
      for (const alert of answer.alerts) console.log(`   [${alert.severity}] ${alert.text}`);
      if (process.argv[3] === 'story') console.log(answer.story);
      for (const fault of judge(each, answer)) console.log(`   FAULT ${fault}`);
    } catch (error) {
      console.log(`   FAILED ${String(error)}`);
    }
  }
}

void main();
