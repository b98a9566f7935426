import assert from 'node:assert/strict';
import { readSignal, readWorkloadSettings } from '../../src/workload/workload-settings';

describe('the settings of a workload', () => {
  it('are a command without a shell, in our directory, for as long as it takes', () => {
    assert.deepEqual(readWorkloadSettings({ command: 'sleep', args: ['1', 2] }), {
      command: 'sleep',
      args: ['1', '2'],
      shell: false,
      cwd: null,
      env: {},
      uid: null,
      gid: null,
      kill: null,
      timeLimitSeconds: null,
      handOn: null,
      allowed: null,
    });
  });

  it('take a signal by name, with or without SIG, and by number', () => {
    for (const given of ['SIGTERM', 'TERM', 'term', '15', 15])
      assert.equal(readSignal('kill', given), 'SIGTERM');
    assert.equal(readSignal('kill', 34), 'SIGRT_2');
    assert.equal(readSignal('kill', 'RTMIN+1'), 'SIGRT_3', 'as `kill -l` counts');
  });

  for (const [given, place] of [
    [{}, 'command'],
    [{ command: '' }, 'command'],
    [{ command: 'a\0b' }, 'command'],
    [{ command: 'a', args: 'b c' }, 'args'],
    [{ command: 'a', args: [{}] }, 'args[0]'],
    [{ command: 'a', env: ['A=1'] }, 'env'],
    [{ command: 'a', env: { 'A=B': '1' } }, 'env'],
    [{ command: 'a', env: { A: {} } }, 'env.A'],
    [{ command: 'a', cwd: 5 }, 'cwd'],
    [{ command: 'a', uid: -1 }, 'uid'],
    [{ command: 'a', kill: 'SIGKILL' }, 'kill'],
    [{ command: 'a', kill: { signal: 'SIGFOO', afterSeconds: 1 } }, 'kill.signal'],
    [{ command: 'a', kill: { signal: 'SIGKILL' } }, 'kill.afterSeconds'],
    [{ command: 'a', timeLimitSeconds: 'soon' }, 'timeLimitSeconds'],
    [{ command: 'a', timeLimitSeconds: 1e12 }, 'timeLimitSeconds'],
  ] as [Record<string, unknown>, string][]) {
    it(`are refused with the place: ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => readWorkloadSettings(given),
        (error: Error & { code?: string }) =>
          error.code === 'CONFIG_INVALID' && error.message.includes(`: ${place}: expected `),
      );
    });
  }
});
