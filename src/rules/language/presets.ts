/** Rules for what is often asked, as a user would write them; docs/rules.md shows each, and an editor can insert them. */

export interface Preset {
  /** For translations and menus: lower case, with hyphens. */
  readonly name: string;
  /** One line for a person. */
  readonly words: string;
  /** As `readRuleSet` takes them. */
  readonly rules: readonly Readonly<Record<string, unknown>>[];
}

export const PRESETS: readonly Preset[] = [
  {
    name: 'restart-by-systemd',
    words: 'systemd stops, restarts and reloads its services',
    rules: [
      {
        name: 'restart by systemd',
        when: { signal: ['TERM', 'KILL', 'HUP', 'CONT'], sender: { pid: 1, comm: 'systemd' } },
        verdict: 'expected',
        reason: 'systemd stops, restarts or reloads the service',
      },
    ],
  },
  {
    name: 'database-killed',
    words: 'Something ended a database, and it was not systemd or the database itself',
    rules: [
      {
        name: 'database killed',
        when: {
          signal: '@fatal',
          fatal: true,
          target: { comm: ['postgres', 'mysqld', 'mariadbd', 'mongod', 'redis-server'] },
        },
        except: [
          {
            sender: { pid: 1, comm: 'systemd' },
            signal: ['TERM', 'KILL'],
            reason: 'systemd stops the service',
          },
          {
            sender: { comm: 'postgres' },
            target: { comm: 'postgres' },
            signal: ['TERM', 'INT', 'QUIT'],
            reason: 'postgres ends its own workers',
          },
        ],
        verdict: 'unexpected',
        severity: 'critical',
        reason: 'a database was ended by a signal',
      },
    ],
  },
  {
    name: 'out-of-memory',
    words: 'Memory ran out, and the kernel ended a process',
    rules: [
      {
        name: 'out of memory',
        when: { origin: 'oom' },
        verdict: 'unexpected',
        severity: 'critical',
        reason: 'memory ran out, and the kernel chose this process to end',
        repeats: { by: ['target.comm', 'target.unit'], every: 300 },
      },
    ],
  },
  {
    name: 'crash-loop',
    words: 'A program crashed five times in a minute',
    rules: [
      {
        name: 'crash loop',
        when: { signal: ['SEGV', 'BUS', 'ILL', 'FPE', 'ABRT', 'SYS'], fatal: true },
        times: { atLeast: 5, within: 60, per: ['target.comm'] },
        verdict: 'unexpected',
        severity: 'critical',
        reason: 'it crashes again and again',
      },
    ],
  },
  {
    name: 'term-then-kill',
    words: 'A process did not heed SIGTERM and was killed within 10 seconds',
    rules: [
      {
        name: 'TERM then KILL',
        when: { signal: 'KILL' },
        after: { when: { signal: 'TERM' }, within: 10 },
        verdict: 'attention',
        severity: 'warning',
        reason: 'it did not end when asked to, and was killed',
      },
    ],
  },
  {
    name: 'no-exit-after-term',
    words: 'A process handled SIGTERM and still runs 5 seconds later',
    rules: [
      {
        name: 'no exit after TERM',
        when: { signal: 'TERM', handled: true },
        without: { stage: 'exit', within: 5 },
        verdict: 'attention',
        severity: 'warning',
        reason: 'it handled SIGTERM and did not end',
      },
    ],
  },
  {
    name: 'old-zombie',
    words: 'A process ended and nobody has waited for it for 30 seconds',
    rules: [
      {
        name: 'old zombie',
        on: 'zombie',
        olderThan: 30,
        verdict: 'attention',
        severity: 'warning',
        reason: 'its parent does not wait for it',
      },
    ],
  },
  {
    name: 'events-lost',
    words: 'Events were lost: what is not reported may still have happened',
    rules: [
      {
        name: 'events lost',
        on: 'loss',
        atLeast: 1,
        verdict: 'unknown',
        severity: 'warning',
        reason: 'the buffer was too small or the reader too slow',
      },
    ],
  },
  {
    name: 'service-restarts',
    words: 'A watched service is killed and restarted again and again',
    rules: [
      {
        name: 'service restarts',
        when: { fatal: true, target: { service: { known: true } } },
        times: { atLeast: 4, within: 600, per: ['target.service'] },
        verdict: 'unexpected',
        severity: 'critical',
        reason: 'the service is killed and restarted again and again',
      },
    ],
  },
  {
    name: 'log-rotation',
    words: 'logrotate asks a service to open its log files again',
    rules: [
      {
        name: 'log rotation',
        when: {
          signal: ['HUP', 'USR1', 'USR2'],
          any: [{ sender: { comm: 'logrotate' } }, { sender: { ancestors: 'logrotate' } }],
        },
        verdict: 'expected',
        reason: 'logrotate asks for new log files',
      },
    ],
  },
  {
    name: 'job-control',
    words: 'A shell or a terminal stops jobs and lets them go on',
    rules: [
      {
        name: 'job control',
        when: {
          signal: '@job',
          any: [{ origin: 'tty' }, { sender: { comm: ['bash', 'zsh', 'fish', 'dash', 'ksh', 'sh'] } }],
        },
        verdict: 'expected',
        reason: 'job control of a shell',
      },
    ],
  },
];
