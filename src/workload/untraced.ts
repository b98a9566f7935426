/** Runs a command without a tracer: the same settings, lines and ending, no traced parent. */
import { spawn } from 'node:child_process';
import { signalNumber } from '../kernel/signals';
import { TraceError, errnoOf } from '../trace-error';
import { commandLine, PIPED } from './command-line';
import { eachLine } from './lines';
import type { Workload, WorkloadEnd, WorkloadSettings, WorkloadSinks } from './workload';

const PATIENCE_MS = 2000;

/** @throws TraceError ENOENT, EACCES, WORKLOAD_FAILED */
export async function runUntraced(settings: WorkloadSettings, sinks: WorkloadSinks): Promise<Workload> {
  const { path, argv, cwd, env } = commandLine(settings);
  const child = spawn(path, argv.slice(1), {
    argv0: argv[0],
    cwd,
    env,
    // A process group of its own, so that all of it can be ended.
    detached: true,
    stdio: [...(settings.handOn ?? PIPED)],
    ...(settings.uid === null ? {} : { uid: settings.uid }),
    ...(settings.gid === null ? {} : { gid: settings.gid }),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      const errno = errnoOf(error);
      const code = errno === 'ENOENT' || errno === 'EACCES' ? errno : 'WORKLOAD_FAILED';
      reject(new TraceError(code, `${settings.command}: ${error.message}`, { cause: error }));
    });
  });
  const pid = child.pid!;
  const began = performance.now();
  let timedOut = false;
  const signalGroup = (signal: string): void => {
    try {
      process.kill(-pid, signalNumber(signal) ?? 0);
    } catch {
      // Nothing of the group is left.
    }
  };
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const output = Promise.all([eachLine(child.stdout, sinks.stdout), eachLine(child.stderr, sinks.stderr)]);
  const stop = async (): Promise<void> => {
    signalGroup('SIGTERM');
    const patience = setTimeout(() => {
      signalGroup('SIGKILL');
    }, PATIENCE_MS);
    await exited;
    clearTimeout(patience);
    signalGroup('SIGKILL');
    await output;
  };
  const timers = [
    settings.kill === null
      ? null
      : setTimeout(
          () => child.kill(signalNumber(settings.kill!.signal) ?? 0),
          settings.kill.afterSeconds * 1000,
        ),
    settings.timeLimitSeconds === null
      ? null
      : setTimeout(() => {
          timedOut = true;
          void stop();
        }, settings.timeLimitSeconds * 1000),
  ];
  const ended = exited.then(async ({ code, signal }): Promise<WorkloadEnd> => {
    for (const timer of timers) if (timer !== null) clearTimeout(timer);
    const seconds = (performance.now() - began) / 1000;
    // Its background children may hold the output open for ever: what is left of the group goes with it.
    signalGroup('SIGTERM');
    const patience = setTimeout(() => {
      signalGroup('SIGKILL');
    }, PATIENCE_MS);
    await output;
    clearTimeout(patience);
    return { pid, code, signal, seconds, timedOut };
  });
  return {
    pid,
    parentPid: null,
    argv,
    ended,
    kill: (signal) => {
      child.kill(signalNumber(signal) ?? 0);
    },
    stop,
  };
}
