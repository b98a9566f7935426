/**
 * The flags of `open`, `openat` and `openat2` by name, with the numbers of x86-64 and arm64.
 *
 * Source: include/uapi/asm-generic/fcntl.h. The kernel's own list for `sys_enter_openat` (trace_syscalls.c,
 * 6.19 and later) has no combined names, so an O_SYNC open prints as `O_DSYNC|0x100000`.
 */
export const OPEN_FLAGS: ReadonlyMap<string, number> = new Map([
  ['O_RDONLY', 0],
  ['O_WRONLY', 0o1],
  ['O_RDWR', 0o2],
  ['O_CREAT', 0o100],
  ['O_EXCL', 0o200],
  ['O_NOCTTY', 0o400],
  ['O_TRUNC', 0o1000],
  ['O_APPEND', 0o2000],
  ['O_NONBLOCK', 0o4000],
  ['O_DSYNC', 0o10000],
  ['FASYNC', 0o20000],
  ['O_DIRECT', 0o40000],
  ['O_LARGEFILE', 0o100000],
  ['O_DIRECTORY', 0o200000],
  ['O_NOFOLLOW', 0o400000],
  ['O_NOATIME', 0o1000000],
  ['O_CLOEXEC', 0o2000000],
  ['O_SYNC', 0o4010000],
  ['O_PATH', 0o10000000],
  ['O_TMPFILE', 0o20200000],
]);

const NUMBER = /^(?:0x[0-9a-f]{1,8}|[0-9]{1,10})$/;

/** `O_WRONLY|O_CREAT|0x100000` as a number; undefined where a name is unknown. */
export function parseOpenFlags(names: string): number | undefined {
  let flags = 0;
  for (const name of names.split('|')) {
    const bits = OPEN_FLAGS.get(name) ?? (NUMBER.test(name) ? Number(name) : undefined);
    if (bits === undefined) return undefined;
    // Bits, not a sum: O_SYNC contains O_DSYNC.
    flags = (flags | bits) >>> 0;
  }
  return flags;
}
