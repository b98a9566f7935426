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

  // Whether a child exits or is killed is a race of its own: how many do which is not compared.
  it('sigchld: a report tells ends of the kinds that strace tells, and does not contradict itself', async function () {
    this.timeout(MAX_MS);
    const folder = temporaryFolder('oracle');
    const log = await underStrace(stress('sigchld'), folder, STRACE_OPTIONS);
    const report = await underUs(stress('sigchld'), folder, BUFFER_KB);
    assert.equal(report.trace.lost, 0);
    const kinds = new Set(Object.keys(endsInStraceLog(log)));
    assert.deepEqual(
      Object.keys(endsInReport(report)).filter((kind) => !kinds.has(kind)),
      [],
    );
    assert.deepEqual(contradictions(report), []);
  });
});
