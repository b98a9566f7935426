/** What oom/mark_victim says of whom the OOM killer chose (include/trace/events/oom.h; the sizes came with Linux 6.9). */
import { fieldOf, type TraceEvent } from '../trace-event';
import { exactNumber } from './field-values';

export interface OomVictim {
  /** Anonymous, file and shared memory that was resident, in kB; null before Linux 6.9. */
  readonly residentKb: number | null;
}

/** The memory limit that held where it was chosen, as the session read it. */
export interface OomLimit {
  readonly cgroup: string;
  readonly bytes: number;
}

export function readOomVictim(event: TraceEvent): OomVictim {
  const sizes = ['anon_rss', 'file_rss', 'shmem_rss'].map((field) => exactNumber(fieldOf(event, field)));
  const known = sizes.filter((size) => size !== null);
  return { residentKb: known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0) };
}
