import { needs, skipLoudly } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';
import assert from 'node:assert/strict';
import { recordHere } from './record-here';
import { Lacking, runScenario } from './run-scenario';
import { SCENARIOS } from './scenarios';

for (const [subject, scenarios] of Object.entries(SCENARIOS)) {
  describe(`the report tells ${subject}:`, () => {
    before(async function () {
      await needs(this, { tracefs: true, gcc: true });
    });
    afterEach(() => {
      assert.deepEqual(ownInstances(), []);
    });

    for (const scenario of scenarios) {
      it(scenario.name, async function () {
        try {
          assert.equal(await runScenario(scenario, recordHere), 'ok');
        } catch (error) {
          if (!(error instanceof Lacking)) throw error;
          skipLoudly(this, error.message);
        }
      });
    }
  });
}
