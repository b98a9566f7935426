import { needs, skipLoudly } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { recordHere } from './record-here';
import { RequirementMissing, runScenario } from './run-scenario';
import { SCENARIOS } from './scenarios';

const KPROBES = '/sys/kernel/tracing/kprobe_events';

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
          const verdict = await runScenario(scenario, recordHere);
          if (scenario.needsProbes !== true || existsSync(KPROBES)) assert.equal(verdict, 'ok');
        } catch (error) {
          if (!(error instanceof RequirementMissing)) throw error;
          // ENOEXEC of a correct program: this kernel was booted without it (ia32_emulation=off), and no package helps.
          if (error.message.endsWith(': Exec format error')) {
            console.error(`SKIPPED: this kernel refuses ${error.message}`);
            this.skip();
          }
          skipLoudly(this, error.message);
        }
      });
    }
  });
}
