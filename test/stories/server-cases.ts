import type { Case } from './case';
import { shell, sleep } from './scene';
import { gunicorn, mosquitto, nginx, postgres, redis } from './servers';

/** It hangs where no signal is heard: blocked, as in a library's critical section. */
const DEAF = `
def app(environ, start):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGABRT])
    time.sleep(30)
`;
const SLOW = `
def app(environ, start):
    time.sleep(30)
`;

export const SERVER_CASES: readonly Case[] = [
  {
    program: 'redis',
    did: 'a script with `/bin/kill` asks it to end',
    needs: ['redis-server'],
    question: 'redis logs "received SIGTERM" and exits with 0: who sent it?',
    play: async () => {
      const { scene, pid } = await redis();
      await shell(
        `cat > ${scene.folder}/backup.sh <<'END'\n#!/bin/sh\n/bin/kill ${pid}\ntrue\nEND\nchmod +x ${scene.folder}/backup.sh; ${scene.folder}/backup.sh`,
      );
      return scene.answer();
    },
    firstLine: [/asked to end by SIGTERM from kill \(\d+\)/, /backup\.sh/, /exited with 0/],
    never: [/went on/],
    alerts: [],
  },
  {
    program: 'redis',
    did: '`kill -9`',
    needs: ['redis-server'],
    play: async () => {
      const { scene, pid } = await redis();
      await shell(`kill -9 ${pid}`);
      return scene.answer();
    },
    firstLine: [/redis-server/, /killed/, /from sh \(\d+\)/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /redis-server/] }],
  },
  {
    program: 'redis',
    did: '`redis-cli shutdown`',
    needs: ['redis-server', 'redis-cli'],
    play: async () => {
      const { scene, port } = await redis();
      await shell(`redis-cli -p ${port} shutdown nosave`);
      return scene.answer();
    },
    firstLine: [/redis-server/, /exited with 0/],
    alerts: [],
  },
  {
    program: 'redis',
    did: 'a bug: `redis-cli debug segfault`',
    needs: ['redis-server', 'redis-cli'],
    play: async () => {
      const { scene, port } = await redis();
      await shell(`redis-cli -p ${port} debug segfault || true`);
      return scene.answer();
    },
    firstLine: [/redis-server/, /SIGSEGV/],
    never: [/sent the signal to itself/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGSEGV/] }],
  },
  {
    program: 'nginx',
    did: '`kill -QUIT` to the master: a graceful stop',
    needs: ['nginx'],
    play: async () => {
      const { scene, master } = await nginx();
      await shell(`kill -QUIT ${master}`);
      return scene.answer();
    },
    firstLine: [/nginx/, /asked to end/, /exited with 0/],
    alerts: [],
  },
  {
    program: 'nginx',
    did: '`kill -9` to one worker',
    needs: ['nginx'],
    play: async () => {
      const { scene, master, workers } = await nginx();
      await shell(`kill -9 ${workers[0]}`);
      await scene.printed(/exited on signal 9[^]*start worker process/);
      await shell(`kill -QUIT ${master}`);
      return scene.answer();
    },
    firstLine: [/nginx/, /killed/, /from sh/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /nginx/, /sh/] }],
  },
  {
    program: 'nginx',
    did: '`kill -9` to the master: its workers stay',
    needs: ['nginx'],
    question: "a pool's parent is killed with 9, and the workers stay for ever",
    play: async () => {
      const { scene, master } = await nginx(4);
      await shell(`kill -9 ${master}`);
      await scene.until('the end of the master', () => scene.isOver(master));
      // The workers live on, and nothing else happens.
      await sleep(500);
      return scene.interrupted();
    },
    firstLine: [
      /nginx/,
      /1 of 5 killed/,
      /from sh/,
      /4 others|2 others outlive/,
      /until they were ended because its run was stopped/,
    ],
    never: [/asked to end by/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /nginx/] }],
  },
  {
    program: 'postgres',
    did: '`kill -9` to one backend: the server restarts',
    needs: ['postgres', 'psql', 'setpriv'],
    question: 'one backend of a database is killed with -9, and the whole server restarts: why?',
    play: async () => {
      const { scene, postmaster, connect } = await postgres();
      const backend = await connect();
      await connect();
      await shell(`kill -9 ${backend}`);
      await scene.printed(/all server processes terminated; reinitializing[^]*ready to accept connections/);
      await shell(`kill -INT ${postmaster}`);
      return scene.answer();
    },
    firstLine: [/postgres/, /killed/, /from sh/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /sh/] }],
  },
  {
    program: 'postgres',
    did: '`kill -INT` to the postmaster: a fast shutdown',
    needs: ['postgres', 'psql', 'setpriv'],
    play: async () => {
      const { scene, postmaster, connect } = await postgres();
      await connect();
      await shell(`kill -INT ${postmaster}`);
      return scene.answer();
    },
    firstLine: [/postgres/, /exited with 0/],
    alerts: [],
  },
  {
    program: 'mosquitto',
    did: "logrotate's script asks it to end",
    needs: ['mosquitto'],
    question: 'a broker ends with 0 and logs nothing: who did it?',
    play: async () => {
      const { scene, pid } = await mosquitto();
      await shell(`cd ${scene.folder}; cp /bin/dash logrotate; ./logrotate -c '/bin/kill ${pid}; true'`);
      return scene.answer();
    },
    firstLine: [/mosquitto/, /asked to end by SIGTERM from kill/, /logrotate/, /exited with 0/],
    never: [/went on/],
    alerts: [],
  },
  {
    program: 'gunicorn',
    did: 'a worker hangs: its master aborts it after the timeout',
    needs: ['gunicorn'],
    question: 'a worker of a pool is aborted (SIGABRT) and exits with 1: by whom, and why?',
    play: async () => {
      const { scene, master, request } = await gunicorn(SLOW, ['--timeout', '1']);
      request();
      await scene.printed(/WORKER TIMEOUT[^]*Booting worker/);
      await shell(`kill -TERM ${master}`);
      return scene.answer();
    },
    firstLine: [/gunicorn/, /SIGABRT|aborted/],
    alerts: [{ severity: ['notice', 'warning'], text: [/SIGABRT/, /gunicorn/] }],
  },
  {
    program: 'gunicorn',
    did: 'a worker hangs and hears nothing: its master kills it',
    needs: ['gunicorn'],
    question: 'the log says "was sent SIGKILL! Perhaps out of memory?": was it?',
    play: async () => {
      const { scene, master, request } = await gunicorn(DEAF, ['--timeout', '1']);
      request();
      await scene.printed(/due to signal 9|SIGKILL/);
      await shell(`kill -TERM ${master}`);
      return scene.answer();
    },
    firstLine: [/gunicorn/, /killed/, /from gunicorn \(\d+\), its parent/],
    never: [/memory|OOM/],
    alerts: [{ severity: ['error', 'critical', 'warning'], text: [/SIGKILL/, /gunicorn/] }],
  },
  {
    program: 'gunicorn',
    did: '`kill` to the master: the ordinary stop of a pool',
    needs: ['gunicorn'],
    play: async () => {
      const { scene, master } = await gunicorn(SLOW);
      await shell(`kill ${master}`);
      return scene.answer();
    },
    firstLine: [/gunicorn/, /asked to end by SIG[A-Z]+ from sh/, /exited with 0/],
    alerts: [],
  },
];
