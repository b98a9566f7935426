import assert from 'node:assert/strict';
import { needs, skipLoudly } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';
import { compareBoth, lackOf, recordBoth } from './both';
import { tell } from './compare';
import { WORKLOADS } from './workloads';

const TIMES = 3;
const MAX_MS = 120_000;

describe('a report and strace tell the same of', () => {
  before(async function () {
    await needs(this, { tracefs: true, strace: true, gcc: true });
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
  });

  for (const workload of WORKLOADS) {
    it(`${workload.name}, ${TIMES} times`, async function () {
      this.timeout(MAX_MS);
      const lack = lackOf(workload);
      if (lack !== undefined) skipLoudly(this, lack);
      for (let time = 0; time < TIMES; time++) {
        const told = compareBoth(await recordBoth(workload), workload);
        assert.equal(tell(told.unexplained), '');
        assert.ok(told.agreed > 0);
      }
    });
  }
});
