/**
 * `/proc/PID/maps`: `7fef041e8000-7fef04399000 r-xp 00000000 00:2f 8154    /lib64/libc-2.26.so`.
 *
 * Format: show_map_vma() in fs/proc/task_mmu.c, proc_pid_maps(5). Of a path's characters only the newline is
 * escaped, as `\012`.
 */
import type { MapsEntry } from '../trace-event';

const LINE =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) ([0-9]{1,20}) *(.*)$/;
const DELETED = ' (deleted)';

/**
 * The mappings, in the order of the file; lines that are none are left out, and an empty text gives none (a
 * zombie has no mappings). Page-aligned addresses are exact in a double, also the vsyscall page's.
 */
export function parseMaps(text: string): MapsEntry[] {
  const entries: MapsEntry[] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = LINE.exec(line);
    if (!match) continue;
    const [, start = '', end = '', perms = '', offset = '', dev = '', inode = '', printed = ''] = match;
    const deleted = printed.endsWith(DELETED);
    const path = (deleted ? printed.slice(0, -DELETED.length) : printed).replaceAll('\\012', '\n');
    entries.push({
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      perms,
      offset: Number.parseInt(offset, 16),
      dev,
      inode: Number(inode),
      path,
      deleted,
    });
  }
  return entries;
}
