import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Case } from './case';
import { Scene, shell, sleep, writeProgram } from './scene';

function supervisor(
  command: string,
  options: string,
): { scene: Scene; control: (order: string) => Promise<string> } {
  const folder = temporaryFolder('scene');
  const file = path.join(folder, 'supervisord.conf');
  writeFileSync(
    file,
    `[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=${folder}/pid
[unix_http_server]
file=${folder}/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/socket
[program:service]
command=${command}
startsecs=0
${options}
`,
  );
  const scene = Scene.of(['supervisord', '-n', '-c', file], {}, folder);
  // It ends with 3 where a process has stopped.
  const control = (order: string): Promise<string> => shell(`supervisorctl -c ${file} ${order} || true`);
  return { scene, control };
}

export const SUPERVISOR_CASES: readonly Case[] = [
  {
    program: 'supervisord',
    did: '`stop`: SIGINT, and SIGKILL since the service needs longer',
    needs: ['supervisord', 'supervisorctl', 'bash'],
    question: 'a process manager sends SIGINT and then SIGKILL before the service had finished',
    play: async () => {
      const folder = temporaryFolder('scene');
      const service = writeProgram(
        folder,
        'service',
        "#!/bin/bash\ntrap 'sleep 20; exit 0' INT\nwhile :; do sleep 0.1; done\n",
      );
      const { scene, control } = supervisor(service, 'stopsignal=INT\nstopwaitsecs=1\nautorestart=false');
      await scene.pidOf('service');
      await control('stop service');
      await control('shutdown');
      return scene.answer();
    },
    firstLine: [/service/, /killed/, /from supervisord/, /SIGINT/],
    alerts: [{ severity: ['warning', 'error', 'critical'], text: [/SIGKILL/, /SIGINT/, /supervisord/] }],
  },
  {
    program: 'supervisord',
    did: '`stop` of a service that ends at SIGTERM',
    needs: ['supervisord', 'supervisorctl'],
    play: async () => {
      const { scene, control } = supervisor('sleep 60', 'autorestart=false');
      await scene.pidOf('sleep');
      await control('stop service');
      await control('shutdown');
      return scene.answer();
    },
    firstLine: [/supervisord/],
    alerts: [],
  },
  {
    program: 'tini',
    did: '`kill`: it passes the signal on',
    needs: ['tini'],
    play: async () => {
      const scene = Scene.of(['tini', '-s', '--', 'sleep', '60']);
      await scene.pidOf('sleep');
      await shell(`kill ${await scene.pidOf('tini')}`);
      return scene.answer();
    },
    firstLine: [/SIGTERM/, /sh \(\d+\)/],
    alerts: [],
  },
  {
    program: 'a container',
    did: 'its first process does not wait: zombies',
    needs: ['unshare', 'node'],
    question: 'a container whose first process does not wait fills with zombies',
    play: async () => {
      // Each is to be a zombie for more than a second, however slowly the machine starts them.
      const orphans = `
        const { spawn } = require('node:child_process');
        let left = 12;
        const ended = () => { if (--left === 0) setTimeout(() => process.exit(0), 2500); };
        for (let n = 0; n < 12; n++) spawn('sh', ['-c', 'sleep 0.2 & :']).on('exit', ended);`;
      return Scene.of(['unshare', '-pf', '--mount-proc', 'node', '-e', orphans]).answer();
    },
    firstLine: [/12 zombies of node/, /did not wait for them/],
    alerts: [{ severity: 'warning', text: [/12 zombies/] }],
  },
  {
    program: 'a build server',
    did: 'it kills what a job left running',
    needs: ['python3'],
    question: 'a build server kills what a job left running: how did it find it?',
    play: async () => {
      const folder = temporaryFolder('scene');
      const killer = `
import os, signal, subprocess
subprocess.run(['sh', '-c', 'setsid sleep 60 & :'], env={**os.environ, 'BUILD_ID': '42'})
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        if b'BUILD_ID=42\\0' in open(f'/proc/{pid}/environ', 'rb').read(): os.kill(int(pid), signal.SIGKILL)
    except OSError: pass
`;
      const file = writeProgram(folder, 'build-server', `#!/usr/bin/python3\n${killer}`);
      const scene = Scene.of([file], {}, folder);
      const answer = await scene.answer();
      await sleep(0);
      return answer;
    },
    firstLine: [/killed/, /from build-server/],
    alerts: [{ severity: ['warning', 'error', 'critical'], text: [/SIGKILL/, /build-server/] }],
  },
];
