import assert from 'node:assert/strict';
import { needs } from '../harness/requirements';
import { knownFinds } from './finds';
import { play } from './play';

const MAX_MS = 60_000;

describe('a program that once was reported wrongly', () => {
  before(async function () {
    await needs(this, { tracefs: true, gcc: true, root: true });
  });

  for (const { name, programs } of knownFinds()) {
    it(`is reported rightly: ${name}`, async function () {
      this.timeout(MAX_MS);
      for (const stage of ['here', 'namespace'] as const) {
        const finds = await play(programs, stage);
        // A loaded machine lets some of them race in ways of their own; what was fixed showed in most of them.
        const differences = finds.flatMap((find) => find.differences);
        assert.ok(finds.length < programs.length / 4, `${stage}: ${differences.join('\n')}`);
      }
    });
  }
});
