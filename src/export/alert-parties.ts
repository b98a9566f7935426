/** Whom an alert names, as exporters say it. */
import path from 'node:path';
import type { Identity, SignalRecord, SignalTarget } from '../model/report';

/** The sender, unless an interrupt sent: its context is whoever it happened to stop, who has no part in it. */
export function senderOf(signal: SignalRecord | null): NonNullable<SignalRecord['sender']> | null {
  return signal?.sender?.irq === true ? null : (signal?.sender ?? null);
}

/** The absolute path of the program, also where its file is removed; null where only another form is known. */
export function executableOf(
  identity: Identity | undefined,
  given: SignalTarget['path'] = null,
): string | null {
  // So ends the link /proc/PID/exe of a file that is unlinked (fs/d_path.c).
  const found = identity?.exe?.replace(/ \(deleted\)$/, '') ?? given;
  return found !== null && path.isAbsolute(found) ? found : null;
}
