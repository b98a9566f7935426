/** What an administrator's list lets flows run, with a traced parent and without. */
import assert from 'node:assert/strict';
import type { AllowedCommand } from '../../src/workload/allowed-command';
import { inheritedEnvironment, isWithin } from '../../src/workload/allowed-command';
import { findCommand } from '../../src/workload/find-command';
import { TracedParent } from '../../src/workload/traced-parent';
import { runUntraced } from '../../src/workload/untraced';
import { readWorkloadSettings } from '../../src/workload/workload-settings';

const SHELL = findCommand('sh', '/');
const ENV = findCommand('env', '/');
const NOBODY = { name: 'nobody', uid: 65534, gid: 65534 };

function row(path: string, more: Partial<AllowedCommand> = {}): AllowedCommand {
  return { path, args: null, env: [], users: [], folders: null, ...more };
}

const digits = { source: '\\d+', matches: (text: string) => /^\d+$/.test(text) };

async function run(given: Record<string, unknown>, allowed: readonly AllowedCommand[]): Promise<string[]> {
  const lines: string[] = [];
  const sinks = { stdout: (line: string) => void lines.push(line), stderr: (): void => undefined };
  const { ended } = await runUntraced(readWorkloadSettings(given, { allowed }), sinks);
  await ended;
  return lines;
}

describe('a command where an administrator lists what may run', () => {
  it('is one of the list, by its absolute path', async () => {
    assert.deepEqual(await run({ command: 'sh', args: ['-c', 'echo 4'] }, [row(SHELL)]), ['4']);
    for (const given of [{ command: 'sh' }, { command: SHELL }, { command: 'true', shell: true }]) {
      await assert.rejects(run(given, [row('/usr/bin/some-other')]), {
        code: 'WORKLOAD_DENIED',
        message: /(?:sh|true) is not one of \/usr\/bin\/some-other$/,
      });
    }
    await assert.rejects(run({ command: 'sh' }, []), { message: /sh is not one of none$/ });
  });

  const denied: [string, Record<string, unknown>, Partial<AllowedCommand>, RegExp][] = [
    [
      'an argument',
      { args: ['1', 'rm'] },
      { args: [digits] },
      /argument 2 of \S+ is "rm"; its arguments match \\d\+$/,
    ],
    ['any argument', { args: ['1'] }, { args: [] }, /argument 1 of \S+ is "1"; it takes no arguments$/],
    ['a variable', { env: { LD_PRELOAD: '/tmp/x.so' } }, {}, /may not have .* LD_PRELOAD; allowed: none$/],
    ['a variable', { env: { A: '1', B: '2' } }, { env: ['A'] }, /may not have .* B; allowed: A$/],
    ['another user', { uid: 65534, gid: 65534 }, {}, /may not run as 65534:65534; allowed users: none$/],
    [
      'another group',
      { uid: 65534, gid: 6 },
      { users: [NOBODY] },
      /may not run as 65534:6; allowed users: nobody$/,
    ],
    [
      'another folder',
      { cwd: '/tmp' },
      { folders: ['/usr'] },
      /may not run in \/tmp; allowed folders: \/usr$/,
    ],
  ];
  for (const [what, given, more, message] of denied) {
    it(`is denied ${what}: ${JSON.stringify(given)}`, async () => {
      await assert.rejects(run({ command: ENV, ...given }, [row(ENV, more)]), {
        code: 'WORKLOAD_DENIED',
        message,
      });
    });
  }

  it('may be what one of several rows allows', async () => {
    const rows = [row('/bin/echo', { args: [digits] }), row('/bin/echo', { args: [], env: ['A'] })];
    assert.deepEqual(await run({ command: '/bin/echo', args: ['7'] }, rows), ['7']);
    assert.deepEqual(await run({ command: '/bin/echo', env: { A: 'x' } }, rows), ['']);
    await assert.rejects(run({ command: '/bin/echo', args: ['7'], env: { A: 'x' } }, rows), {
      code: 'WORKLOAD_DENIED',
    });
  });

  it('gets nothing of our environment by which a loader, a shell or an interpreter runs code', async () => {
    const own = {
      PATH: '/usr/bin',
      LANG: 'C',
      LC_ALL: 'C',
      LD_PRELOAD: '/x.so',
      'BASH_FUNC_ls%%': '() { id; }',
      BASH_ENV: '/x',
      NODE_OPTIONS: '--require /x',
      PYTHONPATH: '/x',
      PERL5OPT: '-Mx',
      SECRET: 'x',
    };
    assert.deepEqual(inheritedEnvironment(own), { PATH: '/usr/bin', LANG: 'C', LC_ALL: 'C' });
    process.env['FTRACE_TEST_SECRET'] = 'x';
    try {
      const lines = await run({ command: ENV, env: { A: '1' } }, [row(ENV, { env: ['A'] })]);
      assert.ok(lines.includes('A=1'));
      assert.deepEqual(
        lines.filter((line) => line.startsWith('FTRACE_TEST')),
        [],
      );
    } finally {
      delete process.env['FTRACE_TEST_SECRET'];
    }
  });

  it('has a traced parent that takes no function from the environment', async () => {
    // Where an administrator allows anything, what a flow sets reaches the command, and does not run in its parent.
    const env = {
      'BASH_FUNC_read%%': '() { echo stolen >&2; }',
      SHELLOPTS: 'noexec',
      BASHOPTS: 'expand_aliases',
    };
    const lines: string[] = [];
    const sinks = {
      stdout: (line: string) => void lines.push(line),
      stderr: (line: string) => void lines.push(line),
    };
    const settings = readWorkloadSettings({ command: '/bin/echo', args: ['ran'], env });
    const parent = await TracedParent.start(settings, sinks);
    await parent.launch();
    parent.open();
    assert.deepEqual(await parent.ended, { status: 0 });
    await parent.gone;
    assert.deepEqual(lines, ['ran']);
  });
});

describe('a folder', () => {
  const table: [string, string, boolean][] = [
    ['/a', '/a', true],
    ['/a', '/a/b', true],
    ['/a/', '/a/b/../c', true],
    ['/a', '/ab', false],
    ['/a', '/a/../b', false],
    ['/a', '/a/..b', true],
    ['/', '/etc', true],
  ];
  for (const [folder, path, expected] of table) {
    it(`${expected ? 'has' : 'does not have'} in it: ${folder} and ${path}`, () => {
      assert.equal(isWithin(folder, path), expected);
    });
  }
});
