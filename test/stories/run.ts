/** `node dist/test/stories/run.js [PATTERN]`: plays the cases whose program or deed matches, and prints what is said. */
import { CASES } from './cases';
import { judge } from './judge';

async function main(): Promise<void> {
  const pattern = new RegExp(process.argv[2] ?? '.', 'i');
  for (const each of CASES) {
    if (!pattern.test(`${each.program}: ${each.did}`)) continue;
    console.log(`== ${each.program}: ${each.did}`);
    try {
      const told = await each.play();
      console.log(`   ${told.firstLine}`);
      for (const alert of told.alerts) console.log(`   [${alert.severity}] ${alert.text}`);
      if (process.argv[3] === 'story') console.log(told.story);
      for (const fault of judge(each, told)) console.log(`   FAULT ${fault}`);
    } catch (error) {
      console.log(`   FAILED ${String(error)}`);
    }
  }
}

void main();
