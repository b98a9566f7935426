import assert from 'node:assert/strict';
import { needs, skipLoudly } from '../harness/requirements';
import { rounds } from '../harness/rounds';
import { ownInstances } from '../live/tracing-state';
import { compareBoth, whyMissing, recordBoth } from './both';
import { tell } from './compare';
import { WORKLOADS } from './workloads';

const TIMES = rounds(1, 3);
const MAX_MS = 120_000;
/**
 * Of the facts that agree. Explanations are for what a race decides; a report in which much needs one is not right. The most
 * that any workload needed in three runs on a busy machine was 0.05.
 */
const MAX_EXPLAINED = 0.15;

describe('a report and strace tell the same of', () => {
  before(async function () {
    await needs(this, { tracefs: true, strace: true, gcc: true });
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
  });

  for (const workload of WORKLOADS) {
    it(workload.name, async function () {
      this.timeout(MAX_MS);
      const reason = whyMissing(workload);
      if (reason !== undefined) skipLoudly(this, reason);
      for (let time = 0; time < TIMES; time++) {
        const told = compareBoth(await recordBoth(workload), workload);
        assert.equal(tell(told.unexplained), '');
        const explained = [...told.explained.values()].reduce((sum, count) => sum + count, 0);
        assert.ok(
          explained <= MAX_EXPLAINED * told.agreed,
          `${explained} differences have an explanation, and only ${told.agreed} facts agree: ${[...told.explained].join('; ')}`,
        );
      }
    });
  }
});
