/**
 * The environment's refusals, as a closed set of codes. Bad *input* is not among them: readers report it as
 * `Damage` and go on. A bug of our own just throws.
 *
 * The codes are public: flows compare them in Catch. Add one, never rename one; docs/errors.md explains each.
 */
export const REASONS = {
  TRACEFS_MISSING: 'tracefs is not mounted',
  TRACEFS_DENIED: 'no permission to use tracefs',
  TRACEFS_WRITE: 'the kernel refused a write to tracefs',
  PID_NAMESPACE: 'this process does not see the pids of the machine',
  EVENT_UNKNOWN: 'this kernel does not have the event',
  SESSION_UNKNOWN: 'there is no such session',
  SESSION_STATE: 'the session is in another state',
  SESSION_BUSY: 'the session already runs a workload',
  SESSION_ENDED: 'the session ended while it was read',
  PROCESS_MISSING: 'there is no such process',
  PROCESS_REPLACED: 'the pid is another process now',
  KILL_DENIED: 'this process may not be signalled from here',
  ENOENT: 'the command does not exist',
  EACCES: 'the command may not be run',
  WORKLOAD_DENIED: 'an administrator does not allow this command',
  WORKLOAD_FAILED: 'the command could not be started',
  TRACE_MISSING: 'the trace file cannot be read',
  TRACE_FORMAT: 'this is not a trace',
  OUTPUT_FAILED: 'the output could not be written',
  CONFIG_INVALID: 'the settings do not fit',
  MESSAGE_INVALID: 'the message does not fit',
} as const;

export type TraceErrorCode = keyof typeof REASONS;

export class TraceError extends Error {
  override readonly name = 'TraceError';

  readonly code: TraceErrorCode;

  /** @param detail what was tried, on what, and the way out: "mkdir instances/web as uid 1000; see Permissions" */
  constructor(code: TraceErrorCode, detail: string, options?: ErrorOptions) {
    super(`${REASONS[code]}: ${detail}`, options);
    this.code = code;
  }
}

/** The errno name of a failed system call ('ENOENT'), or '' for any other error. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}
