/** Real servers on loopback, each with a folder, a configuration and a port of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import { Scene, writeProgram } from './scene';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function redis(): Promise<{ scene: Scene; pid: number; port: number }> {
  const port = await freePort();
  const scene = Scene.of([
    'redis-server',
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--enable-debug-command',
    'yes',
  ]);
  await scene.printed(/Ready to accept connections/);
  return { scene, pid: await scene.pidOf('redis-server'), port };
}

export async function nginx(workers = 2): Promise<{ scene: Scene; master: number; workers: number[] }> {
  const folder = temporaryFolder('scene');
  // Its workers are another user's.
  chmodSync(folder, 0o755);
  const port = await freePort();
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `daemon off; worker_processes ${workers}; pid ${folder}/pid; error_log stderr notice;
events { worker_connections 16; }
http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; server { listen 127.0.0.1:${port}; } }
`,
  );
  const scene = Scene.of(['nginx', '-p', folder, '-c', path.join(folder, 'nginx.conf')], {}, folder);
  const [master, ...others] = await scene.pidsOf('nginx', workers + 1);
  await scene.printed(new RegExp(`(?:start worker process \\d+[^]*){${workers}}`));
  return { scene, master: master!, workers: others };
}

/** Where Debian and others keep what is not in PATH. */
export function postgresProgram(name: string): string | undefined {
  const version = ['17', '16', '15', '14', '13'].find((each) =>
    existsSync(`/usr/lib/postgresql/${each}/bin/${name}`),
  );
  return version && `/usr/lib/postgresql/${version}/bin/${name}`;
}

let cluster: string | null = null;

/** initdb takes seconds: one cluster is the pattern of all. */
function newCluster(): { folder: string; uid: number; gid: number } {
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
  const gid = Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }));
  if (cluster === null) {
    const folder = temporaryFolder('postgres-cluster');
    chownSync(folder, uid, gid);
    const program = postgresProgram('initdb')!;
    execFileSync(program, ['-D', path.join(folder, 'data'), '-A', 'trust', '-N', '--no-instructions'], {
      uid,
      gid,
      cwd: folder,
      stdio: 'pipe',
      env: { ...process.env, LC_ALL: 'C' },
    });
    cluster = folder;
  }
  const folder = temporaryFolder('scene');
  chmodSync(folder, 0o755);
  cpSync(path.join(cluster, 'data'), path.join(folder, 'data'), {
    recursive: true,
    preserveTimestamps: true,
  });
  execFileSync('chown', ['-R', `${uid}:${gid}`, path.join(folder, 'data')]);
  chmodSync(path.join(folder, 'data'), 0o700);
  return { folder, uid, gid };
}

export async function postgres(): Promise<{
  scene: Scene;
  port: number;
  postmaster: number;
  /** A client that asks for nothing, and the server's process for it. */
  connect: () => Promise<number>;
}> {
  const { folder } = newCluster();
  const port = await freePort();
  const args = ['-D', path.join(folder, 'data'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1'];
  const sockets = ['-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'shared_buffers=1MB'];
  const scene = Scene.of(
    [
      'setpriv',
      '--reuid',
      'postgres',
      '--regid',
      'postgres',
      '--clear-groups',
      postgresProgram('postgres')!,
      ...args,
      ...sockets,
    ],
    { env: { LC_ALL: 'C' } },
    folder,
  );
  await scene.printed(/ready to accept connections/);
  const postmaster = await scene.pidOf('postgres');
  const connect = async (): Promise<number> => {
    const before = (await scene.pidsOf('postgres', 1)).length;
    const client = [
      'psql',
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-U',
      'postgres',
      '-c',
      'select pg_sleep(60)',
    ];
    spawn(client[0]!, client.slice(1), { stdio: 'ignore' });
    return (await scene.pidsOf('postgres', before + 1)).at(-1)!;
  };
  return { scene, port, postmaster, connect };
}

export async function mosquitto(): Promise<{ scene: Scene; pid: number }> {
  const port = await freePort();
  const scene = Scene.of(['mosquitto', '-p', String(port), '-v']);
  await scene.printed(/mosquitto version \S+ running/);
  return { scene, pid: await scene.pidOf('mosquitto') };
}

/** @param app the body of a WSGI application; `request` sends it one */
export async function gunicorn(
  app: string,
  options: readonly string[] = [],
): Promise<{ scene: Scene; master: number; workers: number[]; request: () => void }> {
  const folder = temporaryFolder('scene');
  writeProgram(folder, 'app.py', `import signal, time, os\n${app}\n`, 0o644);
  const port = await freePort();
  const scene = Scene.of(
    ['gunicorn', '-b', `127.0.0.1:${port}`, '-w', '2', ...options, 'app:app'],
    { cwd: folder, env: { PYTHONDONTWRITEBYTECODE: '1' } },
    folder,
  );
  await scene.printed(/(?:Booting worker with pid: \d+[^]*){2}/);
  const [master, ...workers] = await scene.pidsOf('gunicorn', 3);
  const request = (): void => {
    // Not fetch: it asks once more where the connection is cut, and the next worker would hang as well.
    get({ host: '127.0.0.1', port, agent: false }).on('error', () => undefined);
  };
  return { scene, master: master!, workers, request };
}

export function isFolder(name: string): boolean {
  return existsSync(name) && statSync(name).isDirectory();
}

/** A cgroup with a memory limit, of either version; undefined where this machine has no such controller. */
export function memoryCgroup(name: string, bytes: number): string | undefined {
  const first = '/sys/fs/cgroup/memory';
  const folder = path.join(isFolder(first) ? first : '/sys/fs/cgroup', name);
  try {
    mkdirSync(folder);
    const file = isFolder(first) ? 'memory.limit_in_bytes' : 'memory.max';
    writeFileSync(path.join(folder, file), String(bytes));
    return folder;
  } catch {
    return undefined;
  }
}
