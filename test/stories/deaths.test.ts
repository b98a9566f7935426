import assert from 'node:assert/strict';
import { needs, skipLoudly } from '../harness/requirements';
import { CASES } from './cases';
import type { Case } from './case';
import { readTable, titleOf } from './deaths-table';
import { judge } from './judge';
import { Lookahead } from './lookahead';
import { findProgram } from './scene';
import { postgresProgram } from './servers';

/** Servers start, wait and end; cron begins its jobs at the full minute. */
const MAX_MS = 120_000;
const AT_A_TIME = 2;

function missing({ needs: programs }: Case): string | undefined {
  return programs.find((name) => findProgram(name) === undefined && postgresProgram(name) === undefined);
}

const present = CASES.filter((each) => missing(each) === undefined);
const lookahead = new Lookahead(present, AT_A_TIME);
const groups: readonly [title: string, cases: readonly Case[]][] = [
  [
    'what somebody asked is answered by the first line',
    CASES.filter(({ question }) => question !== undefined),
  ],
  [
    'what is ordinary raises nothing',
    CASES.filter(({ question, alerts }) => question === undefined && alerts.length === 0),
  ],
  [
    'what ended badly is in the first line, and an alert says so',
    CASES.filter(({ question, alerts }) => question === undefined && alerts.length > 0),
  ],
];

describe('real programs', () => {
  before(async function () {
    await needs(this, { tracefs: true, root: true });
  });
  after(async function () {
    this.timeout(MAX_MS);
    await lookahead.settle();
  });

  for (const [title, cases] of groups) {
    describe(title, () => {
      for (const each of cases) {
        it(`${each.program}: ${each.question ?? each.did}`, async function () {
          this.timeout(MAX_MS);
          const reason = missing(each);
          if (reason !== undefined) {
            if (each.isOptional !== true) skipLoudly(this, reason);
            // A JVM or a Go compiler is too large to install for a few tests.
            console.error(`SKIPPED: needs ${reason}`);
            this.skip();
          }
          const answer = await lookahead.answer(each);
          assert.deepEqual(judge(each, answer), [], `${answer.firstLine}\n${answer.story}`);
          const row = readTable().get(titleOf(each)) ?? assert.fail('docs/deaths.md has no such row');
          for (const pattern of each.firstLine)
            assert.match(row, pattern, 'docs/deaths.md says something else');
          if (each.alerts.length === 0) assert.match(row, / \| none \|$/);
        });
      }
    });
  }

  it('are all in docs/deaths.md, and nothing else is', () => {
    assert.deepEqual([...readTable().keys()], CASES.map(titleOf));
  });
});
