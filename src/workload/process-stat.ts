import { readFileSync } from 'node:fs';
import { parseProcStat, type ProcStat } from '../kernel/proc-stat';

/** @returns null where there is no such process now */
export function readProcessStat(pid: number): ProcStat | null {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}
