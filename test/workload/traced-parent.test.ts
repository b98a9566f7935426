/** What the traced parent is given, and that nobody finds it there. The session's tests are about all that it does. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { quoteWords } from '../../src/workload/parent-script';
import { TracedParent } from '../../src/workload/traced-parent';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { skipLoudly } from '../harness/requirements';

const every = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');

/** What people, and those who mean harm, put into arguments. */
const HOSTILE: readonly string[] = [
  '',
  ' ',
  '\n',
  '\n\n\n',
  'a\nb\n',
  "'",
  "''",
  `'"'"'`,
  '"$newline"',
  `'; touch /tmp/never; '`,
  '$(id)',
  '`id`',
  '\\',
  'back\\slash\\n',
  '-n',
  '--',
  '!history',
  '*',
  '~',
  '${PATH}',
  '\r\n',
  'ü€𝄞',
  '\u001b[31m',
  every(1, 127),
  every(128, 2047),
];

/** bash whose input is a socket runs the user's start-up file. */
function options(shell: string): string[] {
  return shell.endsWith('bash') ? ['--norc'] : [];
}

describe('the words of a command', () => {
  for (const shell of ['/bin/bash', '/bin/dash']) {
    it(`come out of ${shell} as they went in`, function () {
      if (!existsSync(shell)) skipLoudly(this, shell);
      const script = `newline='\n'\nIFS= read -r command\neval "set -- $command"\nprintf '%s\\0' "$@"`;
      for (const LC_ALL of ['C', 'C.UTF-8', 'POSIX']) {
        for (const words of [HOSTILE, ['x'.repeat(100_000), "'".repeat(20_000), '\n'.repeat(20_000)]]) {
          const out = execFileSync(shell, [...options(shell), '-c', script], {
            input: `${quoteWords(words)}\n`,
            env: { LC_ALL },
            maxBuffer: 1 << 24,
          });
          assert.deepEqual(out.toString().split('\0').slice(0, -1), words, `${shell} ${LC_ALL}`);
        }
      }
    });
  }

  it('are bytes as they are, also where they are no UTF-8', () => {
    const bytes = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1));
    const quoted = Buffer.from(quoteWords([bytes.toString('latin1')]), 'latin1');
    for (const shell of ['/bin/bash', '/bin/dash'].filter((file) => existsSync(file))) {
      const script = `newline='\n'\nIFS= read -r command\neval "set -- $command"\nprintf '%s' "$@"`;
      const out = execFileSync(shell, [...options(shell), '-c', script], {
        input: Buffer.concat([quoted, Buffer.from('\n')]),
        env: { LC_ALL: 'C.UTF-8' },
      });
      assert.deepEqual(out, bytes, shell);
    }
  });
});

describe('the traced parent', () => {
  it('has nothing of the command in its arguments or its environment, and passes on every word', async () => {
    const lines: string[] = [];
    const settings = readWorkloadSettings({
      command: 'printf',
      args: ['<%s>', 'unmistakable-name', ...HOSTILE],
    });
    const parent = await TracedParent.start(settings, {
      stdout: (line) => void lines.push(line),
      stderr: () => undefined,
    });
    for (const file of ['cmdline', 'environ'])
      assert.ok(!readFileSync(`/proc/${parent.pid}/${file}`, 'utf8').includes('unmistakable-name'), file);
    await parent.launch();
    parent.open();
    assert.deepEqual(await parent.ended, { status: 0 });
    await parent.gone;
    assert.equal(lines.join('\n'), ['unmistakable-name', ...HOSTILE].map((word) => `<${word}>`).join(''));
  });
});
