import assert from 'node:assert/strict';
import { startTime } from '../../src/tracefs/owner';

import { runUntraced } from '../../src/workload/untraced';
import type { WorkloadEnd } from '../../src/workload/workload';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { temporaryFolder } from '../harness/temporary-folder';

interface Outcome {
  end: WorkloadEnd;
  stdout: string[];
  stderr: string[];
}

async function run(given: Record<string, unknown>): Promise<Outcome> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const sinks = {
    stdout: (line: string) => void stdout.push(line),
    stderr: (line: string) => void stderr.push(line),
  };
  const workload = await runUntraced(readWorkloadSettings(given), sinks);
  return { end: await workload.ended, stdout, stderr };
}

describe('a command that runs untraced', () => {
  it('tells code and signal apart', async () => {
    const exited = await run({ command: 'sh', args: ['-c', 'exit 137'] });
    assert.deepEqual({ code: exited.end.code, signal: exited.end.signal }, { code: 137, signal: null });
    const killed = await run({ command: 'sh', args: ['-c', 'kill -KILL $$'] });
    assert.deepEqual({ code: killed.end.code, signal: killed.end.signal }, { code: null, signal: 'SIGKILL' });
  });

  it('gives whole lines of each output, also where a character is torn or the last newline is missing', async () => {
    const script = 'printf "\\303"; sleep 0.05; printf "\\274ber\\nend"; echo wrong >&2';
    const { stdout, stderr } = await run({ command: 'sh', args: ['-c', script] });
    assert.deepEqual({ stdout, stderr }, { stdout: ['über', 'end'], stderr: ['wrong'] });
  });

  it('runs where and with what the settings say, and through a shell only when asked', async () => {
    const cwd = temporaryFolder('cwd');
    const { stdout } = await run({
      command: 'sh',
      args: ['-c', 'pwd; echo "$GIVEN ${HOME-none}"'],
      cwd,
      env: { GIVEN: 'a b', HOME: null },
    });
    assert.deepEqual(stdout, [cwd, 'a b none']);
    assert.deepEqual((await run({ command: 'echo', args: ['$((1+1))'] })).stdout, ['$((1+1))']);
    assert.deepEqual((await run({ command: 'echo $((1+1))', shell: true })).stdout, ['2']);
  });

  it('gets its signal after its time', async () => {
    const { end } = await run({
      command: 'sleep',
      args: ['30'],
      kill: { signal: 'SIGUSR2', afterSeconds: 0.1 },
    });
    assert.equal(end.signal, 'SIGUSR2');
  });

  it('is ended at its time limit with all that it started', async () => {
    const { end, stdout } = await run({
      command: 'sh',
      args: ['-c', 'trap "" TERM; sleep 61 & echo $!; wait; wait'],
      timeLimitSeconds: 0.2,
    });
    assert.deepEqual({ signal: end.signal, timedOut: end.timedOut }, { signal: 'SIGKILL', timedOut: true });
    const sleeper = Number(stdout[0]);
    // What is left of it at most is a zombie that init has not reaped yet.
    assert.equal(startTime(sleeper), null);
  });

  it('ends with the codes of execve where it cannot start', async () => {
    await assert.rejects(run({ command: 'no-such-command-anywhere' }), { code: 'ENOENT' });
    await assert.rejects(run({ command: '/etc/passwd' }), { code: 'EACCES' });
  });
});
