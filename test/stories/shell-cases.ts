import { spawn } from 'node:child_process';
import { existsSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Case } from './case';
import { Scene, shell, sleep, writeProgram } from './scene';
import { memoryCgroup, redis } from './servers';

/** A shell on a terminal of its own, as ssh and a terminal's window have it. */
function onTerminal(command: string): Scene {
  return Scene.of(['script', '-qfec', command, '/dev/null'], { env: { SHELL: '/bin/sh' } });
}

/**
 * Milliseconds until the 38th to 50th second of a minute: cron starts its jobs at the full minute, servers take seconds to
 * start, and the recording lasts 30 s.
 */
function untilBeforeFullMinute(): number {
  const second = (Date.now() / 1000) % 60;
  if (second < 38) return (38 - second) * 1000;
  return second <= 50 ? 0 : (98 - second) * 1000;
}

export const SHELL_CASES: readonly Case[] = [
  {
    program: 'sh',
    did: '`kill -9` to the shell: its child lives on',
    needs: [],
    question: "a flow's exec node kills a shell: what becomes of its child?",
    play: async () => {
      const scene = Scene.of(['sh', '-c', 'sleep 3; true']);
      await scene.pidOf('sleep');
      await shell(`kill -9 ${await scene.pidOf('sh')}`);
      return scene.answer();
    },
    firstLine: [/sh \(\d+\)/, /killed/, /sleep/, /outlive|live[sd]? on/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /sh/] }],
  },
  {
    program: 'bash',
    did: 'SIGTERM while it waits for a command: its trap runs later',
    needs: ['bash'],
    question: 'a trap runs only when the foreground command has ended: what was the shell doing?',
    play: async () => {
      const scene = Scene.of(['bash', '-c', "trap 'exit 0' TERM; sleep 2; echo never"]);
      await scene.pidOf('sleep');
      await shell(`kill -TERM ${await scene.pidOf('bash')}`);
      return scene.answer();
    },
    firstLine: [/bash/, /asked to end by SIG[A-Z]+ from sh/, /wait/, /sleep/, /exited with 0/],
    alerts: [],
  },
  {
    program: 'bash',
    did: '`exit 3`',
    needs: ['bash'],
    play: async () => Scene.of(['bash', '-c', 'exit 3']).answer(),
    firstLine: [/bash/, /exited with 3/],
    alerts: [{ severity: ['notice', 'warning'], text: [/bash/, /ended with 3/] }],
  },
  {
    program: 'bash',
    did: 'a script ends its own background job: `kill $child`',
    needs: ['bash'],
    play: async () =>
      Scene.of(['bash', '-c', 'sleep 30 & child=$!; kill $child; wait $child; exit 0']).answer(),
    firstLine: [/bash/, /SIGTERM from bash/, /its parent/],
    alerts: [],
  },
  {
    program: 'a pipeline',
    did: '`yes | head -n 1`, with `set -o pipefail`: 141',
    needs: ['bash', 'yes', 'head'],
    question: 'a pipeline ends with 141: what is that?',
    play: async () => Scene.of(['bash', '-c', 'set -o pipefail; yes | head -n 1; exit $?']).answer(),
    firstLine: [/exited with 141/, /yes \(\d+\) was ended by SIGPIPE/],
    alerts: [],
  },
  {
    program: 'a pipeline',
    did: '`yes | head`',
    needs: ['yes', 'head'],
    play: async () => Scene.of(['sh', '-c', 'yes | head -n 2; true']).answer(),
    firstLine: [/exited with 0/],
    alerts: [],
  },
  {
    program: 'a pipeline',
    did: '`find | grep -q`',
    needs: ['find', 'grep'],
    play: async () => Scene.of(['sh', '-c', 'find /usr/share/doc | grep -q copyright; true']).answer(),
    firstLine: [/exited with 0/],
    alerts: [],
  },
  {
    program: 'timeout',
    did: '`timeout 1 sleep 30`',
    needs: ['timeout'],
    play: async () => Scene.of(['timeout', '0.3', 'sleep', '30']).answer(),
    firstLine: [
      /sleep/,
      /SIGTERM from timeout \(\d+\), its parent, whose time limit of 0\.3 s had passed/,
      /exited with 124/,
    ],
    never: [/to itself/],
    alerts: [],
  },
  {
    program: 'timeout',
    did: '`timeout -k 5 60 make`, which takes longer',
    needs: ['timeout', 'make'],
    question: '`timeout -k 5 60 make` in CI fails with 124: why?',
    play: async () => {
      const folder = temporaryFolder('scene');
      writeFileSync(path.join(folder, 'Makefile'), 'all:\n\tsleep 30\n\t@echo done\n');
      return Scene.of(['timeout', '-k', '5', '1', 'make'], {}, folder).answer();
    },
    firstLine: [
      /make \(\d+\), by SIGTERM from timeout \(\d+\), its parent, whose time limit of 1 s had passed/,
    ],
    never: [/to itself/],
    alerts: [],
  },
  {
    program: 'timeout',
    did: '`timeout -k 1 1` of a command that ignores SIGTERM',
    needs: ['timeout', 'bash'],
    play: async () =>
      Scene.of([
        'timeout',
        '-k',
        '0.5',
        '0.5',
        'bash',
        '-c',
        "trap '' TERM; while :; do sleep 0.1; done",
      ]).answer(),
    firstLine: [/bash/, /killed/, /timeout/],
    alerts: [
      { severity: 'error', text: [/timeout \(\d+\) sent itself SIGKILL/] },
      { severity: 'error', text: [/sleep \(\d+\) was killed \(SIGKILL\) by timeout/] },
      {
        severity: 'warning',
        text: [/bash \(\d+\) was asked to end/, /then killed \(SIGKILL\) by the same process/],
      },
    ],
  },
  {
    program: 'make -j',
    did: 'a recipe crashes',
    needs: ['make', 'bash'],
    play: async () => {
      const folder = temporaryFolder('scene');
      writeFileSync(
        path.join(folder, 'Makefile'),
        "all: a b\na:\n\tsleep 0.2\nb:\n\tbash -c 'kill -SEGV $$$$'; true && exit 139\n",
      );
      return Scene.of(['make', '-j2'], {}, folder).answer();
    },
    firstLine: [/SIGSEGV/, /make/, /exited with 2/],
    alerts: [
      { severity: ['warning', 'error', 'critical'], text: [/SIGSEGV/] },
      { severity: 'warning', text: [/make \(\d+\) ended with 2/] },
    ],
  },
  {
    program: 'make -j',
    did: 'Ctrl-C on its terminal',
    needs: ['make', 'script'],
    play: async () => {
      const folder = temporaryFolder('scene');
      writeFileSync(path.join(folder, 'Makefile'), 'all: a b\na b:\n\tsleep 30\n\t@echo done\n');
      const scene = onTerminal(`make -j2 -C ${folder}`);
      await scene.pidsOf('sleep', 2);
      scene.press('\x03');
      return scene.answer();
    },
    firstLine: [/Ctrl-C on (?:pts\/\d+|its terminal)/],
    never: [/to itself/, /kworker/],
    alerts: [],
  },
  {
    program: 'ninja',
    did: 'Ctrl-C on its terminal',
    needs: ['ninja', 'script'],
    question: 'ninja was interrupted: by whom?',
    play: async () => {
      const folder = temporaryFolder('scene');
      writeFileSync(
        path.join(folder, 'build.ninja'),
        'rule wait\n  command = sleep 30; true\nbuild a: wait\nbuild b: wait\n',
      );
      const scene = onTerminal(`ninja -C ${folder}`);
      await scene.pidsOf('sleep', 2);
      scene.press('\x03');
      return scene.answer();
    },
    firstLine: [/Ctrl-C on (?:pts\/\d+|its terminal)/],
    never: [/to itself/, /kworker/],
    alerts: [],
  },
  {
    program: 'script',
    did: 'the terminal closes: a job in it dies',
    needs: ['script'],
    question: 'a job died when the terminal was closed: of what?',
    play: async () => {
      const scene = onTerminal('sleep 30; true');
      await scene.pidOf('sleep');
      await shell(`kill -9 ${await scene.pidOf('script')}`);
      return scene.answer();
    },
    firstLine: [/SIGHUP/, /terminal/],
    never: [/to itself/, /kworker/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /script/] }],
  },
  {
    program: 'script',
    did: 'Ctrl-\\ on its terminal',
    needs: ['script'],
    play: async () => {
      const scene = onTerminal('ulimit -c 0; sleep 30');
      await scene.pidOf('sleep');
      scene.press('\x1c');
      return scene.answer();
    },
    firstLine: [/sleep/, /Ctrl-\\/],
    never: [/to itself/, /kworker/],
    alerts: [],
  },
  {
    program: 'tmux',
    did: 'its last session is left',
    needs: ['tmux'],
    play: async () => {
      const folder = temporaryFolder('scene');
      const socket = path.join(folder, 'socket');
      const scene = Scene.of(
        ['tmux', '-f', '/dev/null', '-S', socket, '-D'],
        { env: { TERM: 'xterm', SHELL: '/bin/sh', TMUX: '' } },
        folder,
      );
      await scene.until('its socket', () => existsSync(socket));
      await shell(`tmux -S ${socket} new-session -d 'sleep 30'`, { TERM: 'xterm' });
      await scene.pidOf('sleep');
      await shell(`tmux -S ${socket} kill-server`);
      return scene.answer();
    },
    firstLine: [/tmux/],
    never: [/kworker/],
    alerts: [],
  },
  {
    program: 'sh',
    did: 'a child needs more memory than its cgroup may have',
    needs: ['python3'],
    question: 'a child was killed by the memory limit, and the container looks fine',
    play: async () => {
      const cgroup = memoryCgroup(`ftrace-life-pod-${process.pid}`, 48 << 20);
      if (cgroup === undefined) throw new Error('this machine has no memory controller');
      try {
        const grow = `python3 -c 'x = bytearray(200 << 20)'; sleep 1; exit 0`;
        return await Scene.of(['sh', '-c', `echo $$ > ${cgroup}/cgroup.procs; sleep 0.1; ${grow}`]).answer();
      } finally {
        // The last of its members may only just be gone.
        await sleep(100);
        rmdirSync(cgroup);
      }
    },
    firstLine: [
      /1 of \d+ killed/,
      /python3/,
      /OOM killer/,
      /memory limit of cgroup \/ftrace-life-pod-\d+ \(48 MiB\)/,
      /MiB resident/,
    ],
    alerts: [{ severity: ['error', 'critical'], text: [/python3/, /OOM|memory/] }],
  },
  {
    program: 'cron',
    did: 'a job asks a server to end',
    needs: ['cron', 'redis-server', 'unshare'],
    play: async () => {
      await sleep(untilBeforeFullMinute());
      const { scene, pid } = await redis();
      const folder = temporaryFolder('scene');
      const job = writeProgram(folder, 'backup.sh', `#!/bin/sh\n/bin/kill ${pid}\ntrue\n`);
      writeProgram(folder, 'crontab', `* * * * * root ${job}\n`, 0o644);
      // cron reads fixed files: it is given its own in a mount namespace, and begins its jobs at the full minute.
      const private_ = `mount -t tmpfs none /var/spool/cron && mkdir /var/spool/cron/crontabs && mount -t tmpfs none /etc/cron.d && mount -t tmpfs none /run && mount --bind ${folder}/crontab /etc/crontab`;
      const cron = spawn('unshare', ['-m', 'sh', '-c', `${private_} && exec cron -f`], { stdio: 'ignore' });
      try {
        await scene.until('the end of redis', () => scene.isOver(pid));
      } finally {
        cron.kill('SIGKILL');
      }
      return scene.answer();
    },
    firstLine: [/redis-server/, /asked to end by SIGTERM from kill/, /backup\.sh/, /exited with 0/],
    alerts: [],
  },
];
