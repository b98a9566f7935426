import assert from 'node:assert/strict';
import { needs } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';
import { temporaryFolder } from '../harness/temporary-folder';
import { STRACE_OPTIONS } from './told-by-strace';
import { underStrace, underUs } from './both';
import { contradictions, endsInReport, endsInStraceLog } from './crowd';

const ROUNDS = '100';
/** Both would be cut at different rounds: far more than a busy machine needs. */
const MAX_SECONDS = '50';
const MAX_MS = 150_000;
const BUFFER_KB = 16_384;

function stress(stressor: string): string[] {
  return [
    'stress-ng',
    `--${stressor}`,
    '1',
    `--${stressor}-ops`,
    ROUNDS,
    '--timeout',
    MAX_SECONDS,
    '--quiet',
  ];
}

describe('of the crowds of processes of stress-ng', () => {
  before(async function () {
    await needs(this, { tracefs: true, strace: true, stressNg: true });
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
  });

  for (const stressor of ['kill', 'vfork', 'zombie', 'fork']) {
    it(`${stressor}: a report tells as many ends of each kind as strace, and does not contradict itself`, async function () {
      this.timeout(MAX_MS);
      const folder = temporaryFolder('oracle');
      const log = await underStrace(stress(stressor), folder, STRACE_OPTIONS);
      const report = await underUs(stress(stressor), folder, BUFFER_KB);
      assert.equal(report.trace.lost, 0);
      assert.deepEqual(endsInReport(report), endsInStraceLog(log));
      assert.deepEqual(contradictions(report), []);
    });
  }

  // A child exits with 1 when nobody has killed it in time, which is a race of its own: how many do, and whether any
  // does in one run, is not compared.
  it('sigchld: a report tells only ends that can be, and does not contradict itself', async function () {
    this.timeout(MAX_MS);
    const folder = temporaryFolder('oracle');
    const log = await underStrace(stress('sigchld'), folder, STRACE_OPTIONS);
    const report = await underUs(stress('sigchld'), folder, BUFFER_KB);
    assert.equal(report.trace.lost, 0);
    for (const ends of [endsInStraceLog(log), endsInReport(report)]) {
      const { 'exit 0': parents, 'exit 1': inTime, SIGKILL: killed, ...others } = ends;
      assert.deepEqual(others, {});
      // stress-ng and its one stressor.
      assert.equal(parents, 2);
      assert.ok((inTime ?? 0) + (killed ?? 0) > 0);
    }
    assert.deepEqual(contradictions(report), []);
  });
});
