/** What people meet in scripts, containers and builds, and ask about by an exit code or a word in a log. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Case } from './case';
import { Scene, shell, sleep, writeProgram } from './scene';

/** A copy of the shell under another name, to stand for a program of which only its signals matter. */
async function asProgram(scene: Scene, name: string, script: string): Promise<void> {
  await shell(`cd ${scene.folder}; cp /bin/dash ${name}; ./${name} -c '${script}; :'`);
}

function repository(): string {
  const folder = temporaryFolder('scene');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], {
      cwd: folder,
      stdio: 'pipe',
    });
  git('init', '-q');
  writeProgram(
    path.join(folder, '.git/hooks'),
    'pre-commit',
    '#!/bin/sh\n/bin/grep -q TODO /dev/null || exit 1\n',
  );
  writeProgram(folder, 'a', 'a', 0o644);
  git('add', 'a');
  return folder;
}

export const EVERYDAY_CASES: readonly Case[] = [
  {
    program: 'bash',
    did: 'its command is killed from outside: exit code 137',
    needs: ['bash'],
    play: async () => {
      const scene = Scene.of(['bash', '-c', 'sleep 30; exit $?']);
      await shell(`kill -9 ${await scene.pidOf('sleep')}`);
      return scene.answer();
    },
    firstLine: [/1 of 2 killed: sleep/, /SIGKILL from sh/, /bash \(\d+\) exited with 137, as sleep/],
    never: [/memory|OOM/],
    alerts: [{ severity: 'critical', text: [/sleep/, /killed \(SIGKILL\) by sh/] }],
  },
  {
    program: 'bash',
    did: '`kill %1` in a script with job control',
    needs: ['bash'],
    play: async () => Scene.of(['bash', '-c', 'set -m; sleep 30 & kill %1; wait; exit 0']).answer(),
    firstLine: [/SIGTERM from bash \(\d+\), its parent/],
    alerts: [],
  },
  {
    program: 'bash',
    did: '`set -e`: a script ends without a word',
    needs: ['bash', 'grep'],
    play: async () => Scene.of(['bash', '-ec', 'grep -q nothing /dev/null; echo never']).answer(),
    firstLine: [/bash \(\d+\) exited with 1, as grep \(\d+\) exited with 1/],
    alerts: [{ severity: 'warning', text: [/bash/, /ended with 1/] }],
  },
  {
    program: 'sh',
    did: 'command not found: exit code 127',
    needs: [],
    play: async () => Scene.of(['sh', '-c', 'no-such-command']).answer(),
    firstLine: [/sh \(\d+\) exited with 127/],
    alerts: [{ severity: 'warning', text: [/sh/, /ended with 127/] }],
  },
  {
    program: 'sh',
    did: 'a file that is not executable: exit code 126',
    needs: [],
    play: async () => {
      const folder = temporaryFolder('scene');
      writeProgram(folder, 'job', 'echo', 0o644);
      return Scene.of(['sh', '-c', './job'], {}, folder).answer();
    },
    firstLine: [/sh \(\d+\) exited with 126/],
    alerts: [{ severity: 'warning', text: [/sh/, /ended with 126/] }],
  },
  {
    program: 'xargs',
    did: 'its command exits with 255: exit code 124',
    needs: ['xargs'],
    play: async () => Scene.of(['xargs', '-a', '/etc/hostname', 'sh', '-c', 'exit 255']).answer(),
    firstLine: [/xargs \(\d+\) exited with 124, after sh \(\d+\) exited with 255/],
    alerts: [{ severity: 'warning', text: [/xargs/, /ended with 124/] }],
  },
  {
    program: 'git',
    did: 'a hook fails, and there is no commit',
    needs: ['git', 'grep'],
    play: async () => {
      const folder = repository();
      const user = ['-c', 'user.name=x', '-c', 'user.email=x@localhost'];
      return Scene.of(['git', ...user, 'commit', '-q', '-m', 'x'], { cwd: folder }).answer();
    },
    firstLine: [/git \(\d+\) exited with 1, as (?:pre-commit|grep) \(\d+\) exited with 1/],
    alerts: [{ severity: 'warning', text: [/git/, /ended with 1/] }],
  },
  {
    program: 'make',
    did: 'the compiler is killed: "Killed signal terminated program cc1"',
    needs: ['make', 'gcc'],
    play: async () => {
      const folder = temporaryFolder('scene');
      writeProgram(folder, 'Makefile', 'all:\n\tmkfifo source; gcc -x c -c -o out.o source\n', 0o644);
      const scene = Scene.of(['make'], { cwd: folder }, folder);
      // It waits for somebody to write its source.
      await shell(`kill -9 ${await scene.pidOf('cc1')}`);
      return scene.answer();
    },
    firstLine: [/1 of \d+ killed: cc1/, /SIGKILL from sh/, /make \(\d+\) exited with 2/],
    never: [/OOM/],
    alerts: [
      { severity: 'critical', text: [/cc1/, /killed \(SIGKILL\) by sh/] },
      { severity: 'warning', text: [/make/, /ended with 2/] },
    ],
  },
  {
    program: 'a service',
    did: 'logrotate sends SIGUSR1, and it has no handler: "User defined signal 1"',
    needs: [],
    play: async () => {
      const scene = Scene.of(['sleep', '30']);
      await asProgram(scene, 'logrotate', `kill -USR1 ${await scene.pidOf('sleep')}`);
      return scene.answer();
    },
    firstLine: [/sleep \(\d+\) was killed by SIGUSR1 from logrotate/],
    alerts: [{ severity: 'error', text: [/sleep/, /killed \(SIGUSR1\) by logrotate/] }],
  },
  {
    program: 'a service',
    did: 'a user-space killer such as earlyoom ends it',
    needs: [],
    play: async () => {
      const scene = Scene.of(['sleep', '30']);
      await asProgram(scene, 'earlyoom', `kill -9 ${await scene.pidOf('sleep')}`);
      return scene.answer();
    },
    firstLine: [/sleep \(\d+\) was killed by SIGKILL from earlyoom/],
    never: [/OOM killer/],
    alerts: [{ severity: 'critical', text: [/sleep/, /killed \(SIGKILL\) by earlyoom/] }],
  },
  {
    program: 'a service',
    did: '"State stop-sigterm timed out. Killing.": SIGTERM, and SIGKILL later',
    needs: ['bash'],
    play: async () => {
      const scene = Scene.of(['bash', '-c', "trap 'sleep 30' TERM; echo up; while :; do sleep 0.1; done"]);
      await scene.printed(/up/);
      const pid = await scene.pidOf('bash');
      await asProgram(scene, 'manager', `kill ${pid}; sleep 0.5; kill -9 ${pid}`);
      return scene.answer();
    },
    firstLine: [/bash/, /SIGKILL from manager/, /after SIGTERM, which it (?:was still handling|had handled)/],
    alerts: [{ severity: 'error', text: [/asked to end \(SIGTERM\) by manager/, /then killed \(SIGKILL\)/] }],
  },
  {
    program: 'a container',
    did: '`docker stop`: its first process has no handler for SIGTERM',
    needs: ['unshare'],
    play: async () => {
      const scene = Scene.of(['unshare', '-pf', 'sleep', '30']);
      const pid = await scene.pidOf('sleep');
      await asProgram(scene, 'runtime', `kill ${pid}; sleep 0.3; kill -9 ${pid}`);
      return scene.answer();
    },
    firstLine: [/sleep/, /SIGKILL from runtime/, /after SIGTERM, which it ignored/],
    alerts: [
      { severity: 'error', text: [/asked to end \(SIGTERM\) by runtime/, /then killed \(SIGKILL\)/] },
      { severity: 'warning', text: [/unshare/, /ended with 1/] },
    ],
  },
  {
    program: 'a service',
    did: '`kill -STOP`: it hangs, and goes on at `kill -CONT`',
    needs: [],
    play: async () => {
      const scene = Scene.of(['sleep', '0.5']);
      const pid = await scene.pidOf('sleep');
      await shell(`kill -STOP ${pid}`);
      // It is to be stopped for more than a second.
      await sleep(1200);
      await shell(`kill -CONT ${pid}`);
      return scene.answer();
    },
    firstLine: [/sleep \(\d+\) was stopped by SIGSTOP from sh/, /exited with 0/],
    alerts: [{ severity: 'warning', text: [/sleep/, /stopped \(SIGSTOP\) by sh/] }],
  },
  {
    program: 'setpriv',
    did: '`--pdeathsig TERM`: its parent is killed, and it ends too',
    needs: ['setpriv'],
    play: async () => {
      const scene = Scene.of(['sh', '-c', 'setpriv --pdeathsig TERM sleep 30 & wait']);
      await scene.pidOf('sleep');
      await shell(`kill -9 ${await scene.pidOf('sh')}`);
      return scene.answer();
    },
    firstLine: [
      /2 of 2 killed/,
      /SIGKILL from sh/,
      /sleep \(\d+\), by SIGTERM: its parent's thread sh \(\d+\) ended/,
    ],
    alerts: [
      { severity: 'critical', text: [/sh \(\d+\) was killed \(SIGKILL\)/] },
      { severity: 'warning', text: [/sleep/, /because its parent/] },
    ],
  },
  {
    program: 'nohup',
    did: 'the terminal closes: its command lives on',
    needs: ['script', 'nohup'],
    play: async () => {
      const command = 'nohup sleep 2 >/dev/null 2>&1 & sleep 30; true';
      const scene = Scene.of(['script', '-qfec', command, '/dev/null'], { env: { SHELL: '/bin/sh' } });
      await scene.pidsOf('sleep', 2);
      await shell(`kill -9 ${await scene.pidOf('script')}`);
      return scene.answer();
    },
    firstLine: [/SIGHUP/, /terminal/, /sleep \(\d+\) outlives it/],
    alerts: [{ severity: 'critical', text: [/script/, /killed \(SIGKILL\)/] }],
  },
  {
    program: 'pkill',
    did: '`pkill -f` in a script that it matches itself',
    needs: ['pkill'],
    play: async () => {
      const folder = temporaryFolder('scene');
      // A name of its own, that is in no other process's arguments: the recorder is given only `start`.
      const name = `deploy-${process.pid}.sh`;
      writeProgram(folder, name, `#!/bin/sh\npkill -f ${name}\necho never\n`);
      const start = writeProgram(folder, 'start', `#!/bin/sh\ncd ${folder}\nexec ./${name}\n`);
      return Scene.of([start], {}, folder).answer();
    },
    firstLine: [new RegExp(`deploy-`), /by SIGTERM from pkill/],
    alerts: [],
  },
  {
    program: 'a worker pool of python3',
    did: 'a worker is killed: "A process in the process pool was terminated abruptly"',
    needs: ['python3'],
    play: async () => {
      const folder = temporaryFolder('scene');
      const file = writeProgram(
        folder,
        'pool.py',
        `import time
from concurrent.futures import ProcessPoolExecutor
def work(n):
    print('working', flush=True); time.sleep(30)
if __name__ == '__main__':
    with ProcessPoolExecutor(2) as pool: list(pool.map(work, [1, 2]))
`,
        0o644,
      );
      const scene = Scene.of(['python3', file], {}, folder);
      await scene.printed(/working[^]*working/);
      const [, worker] = await scene.pidsOf('python3', 3);
      await shell(`kill -9 ${worker}`);
      return scene.answer();
    },
    firstLine: [
      /2 of 3 killed/,
      /SIGKILL from sh/,
      /SIGTERM from python3 \(\d+\), its parent/,
      /exited with 1/,
    ],
    alerts: [
      { severity: 'critical', text: [/python3/, /killed \(SIGKILL\) by sh/] },
      { severity: 'warning', text: [/python3/, /ended with 1/] },
    ],
  },
];
