/** Judging signals by rules: how many a second, by a set such as a large site would have. */
import type { SignalRecord, SignalTarget } from '../src/model/report';
import { readRuleSet } from '../src/rules/language/rule-set';
import { AlertWatch } from '../src/rules/watch/alert-watch';
import type { Row } from './table';

const RULES = 100;
const SIGNALS = 100_000;
/** The compiler of JavaScript needs a few runs; the best of them is reported. */
const RUNS = 7;

const SERVICES = ['postgres', 'nginx', 'redis-server', 'mysqld', 'node', 'java', 'rabbitmq-server', 'etcd'];
const SENDERS = ['systemd', 'bash', 'logrotate', 'supervisord', 'containerd-shim', 'cron', 'sshd', 'kill'];
const NAMES = [
  'SIGTERM',
  'SIGKILL',
  'SIGHUP',
  'SIGUSR1',
  'SIGCHLD',
  'SIGSEGV',
  'SIGPIPE',
  'SIGINT',
  'SIGALRM',
];
const NUMBERS = [15, 9, 1, 10, 17, 11, 13, 2, 14];

const at = <T>(list: readonly T[], index: number): T => list[index % list.length]!;

/** Ten kinds of rules, each in ten variants: by name, path, user, unit, glob, regex, joined, with exceptions, of any signal. */
function makeRules(): unknown[] {
  const kinds: ((n: number) => Record<string, unknown>)[] = [
    (n) => ({ signal: ['TERM', 'KILL'], sender: { comm: 'systemd' }, target: { comm: at(SERVICES, n) } }),
    (n) => ({ signal: 'HUP', 'sender.comm': at(SENDERS, n), 'target.path': `/usr/*bin/${at(SERVICES, n)}` }),
    (n) => ({ signal: '@core', fatal: true, 'target.path': `/opt/app${n}/*` }),
    (n) => ({ signal: 'KILL', 'sender.uid': { not: [0, 1000 + n] }, 'target.unit': `app${n}*.service` }),
    (n) => ({
      any: [{ signal: 'USR1' }, { signal: 'USR2' }],
      'target.comm': `${at(SERVICES, n).slice(0, 3)}*`,
      handled: false,
    }),
    (n) => ({ 'target.cgroup': { regex: `^/system\\.slice/app${n}[a-z]*\\.service$` }, fatal: true }),
    (n) => ({
      signal: '@fatal',
      not: { sender: { inTree: true } },
      'target.uid': { atLeast: 1000 + 10 * n, below: 1005 + 10 * n },
    }),
    (n) => ({ signal: at(NAMES, n), latency: { above: 0.5 }, 'target.ancestors': at(SENDERS, n) }),
    (n) => ({ origin: ['kill', 'tgkill'], 'sender.exe': `/home/user${n}/*`, 'target.user': 'postgres' }),
    (n) => ({ signal: { not: ['CHLD', 'CONT'] }, stack: 'oom_kill_*', 'target.container': `${n}abc*` }),
  ];
  return Array.from({ length: RULES }, (_, index) => ({
    name: `rule ${index}`,
    when: at(kinds, index)(Math.floor(index / kinds.length)),
    verdict: at(['expected', 'unexpected', 'attention'], index),
    except: [{ sender: { comm: 'supervisord' }, signal: 'TERM', reason: 'restart', until: '2100-01-01' }],
  }));
}

interface Seen {
  readonly signal: SignalRecord;
  readonly target: SignalTarget;
}

/** Varied as a machine's are; a fixed disorder, so that each run is the same. */
function makeSignals(): Seen[] {
  return Array.from({ length: SIGNALS }, (_, i): Seen => {
    const mixed = (i * 2_654_435_761) >>> 0;
    const service = at(SERVICES, mixed >>> 3);
    const sender = at(SENDERS, mixed >>> 7);
    const fatal = mixed % 5 === 0;
    const pid = 1000 + (mixed % 5000);
    const identity = (name: string, uid: number) => ({
      exe: `/usr/sbin/${name}`,
      uid,
      user: uid === 0 ? 'root' : 'postgres',
      ppid: 1,
      cgroup: `/system.slice/${name}.service`,
      unit: `${name}.service`,
      container: null,
      startTime: 100 + pid,
      ancestors: [{ pid: 1, comm: 'systemd' }],
    });
    return {
      signal: {
        ts: i / 1000,
        time: '2026-11-23T10:00:00.000Z',
        signal: at(NAMES, mixed >>> 11),
        number: at(NUMBERS, mixed >>> 11),
        code: 'SI_USER',
        result: 'delivered',
        origin: 'kill',
        fatal,
        control: false,
        sender: {
          pid: 900,
          comm: sender,
          inTree: mixed % 3 === 0,
          irq: false,
          identity: identity(sender, mixed % 2),
        },
        target: { pid, tgid: pid, comm: service },
        generated: {
          ts: i / 1000,
          stack: ['__send_signal_locked', 'do_send_sig_info', 'kill_pid_info', '__x64_sys_kill'],
        },
        delivered: {
          ts: i / 1000,
          tid: pid,
          handler: fatal ? 'default' : '0x55f324e07ad0',
          stack: ['get_signal'],
        },
        latency: (mixed % 100) / 1e4,
      },
      target: {
        id: `${pid}@12.5`,
        comm: service,
        path: `/usr/sbin/${service}`,
        ancestors: [{ pid: 1, comm: 'systemd' }],
        identity: identity(service, 1000 + (mixed % 200)),
      },
    };
  });
}

/** @returns seconds of the best run, wall and CPU: a machine that does other things besides lengthens the first alone */
function measure(judgeAll: () => void) {
  let [wall, cpu] = [Infinity, Infinity];
  for (let run = 0; run < RUNS; run++) {
    const before = process.cpuUsage();
    const began = performance.now();
    judgeAll();
    wall = Math.min(wall, (performance.now() - began) / 1000);
    const { user, system } = process.cpuUsage(before);
    cpu = Math.min(cpu, (user + system) / 1e6);
  }
  return { wall, cpu };
}

function rowOf(tool: string, judgeAll: () => void, what: string): Row {
  const { wall, cpu } = measure(judgeAll);
  const rate = (seconds: number) => (SIGNALS / seconds / 1e6).toFixed(2);
  return { tool, seconds: wall, result: `${rate(wall)} M signals/s, ${rate(cpu)} by CPU time; ${what}` };
}

export function ruleRows(): Row[] {
  const signals = makeSignals();
  return (['first', 'all'] as const).map((match) => {
    const set = readRuleSet({ match, rules: makeRules() });
    const judgeAll = () => {
      const watch = new AlertWatch(set);
      let judgements = 0;
      for (const { signal, target } of signals) judgements += watch.settled(signal, target).length;
      return judgements + watch.end().length;
    };
    return rowOf(
      `${RULES} rules, match: ${match}`,
      judgeAll,
      `${judgeAll()} alerts and expected signals came out`,
    );
  });
}
