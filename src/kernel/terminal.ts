/**
 * The name of a controlling terminal from its device number, as /proc/PID/stat has it in field 7.
 *
 * Numbers: Documentation/admin-guide/devices.txt; the encoding is new_encode_dev() in include/linux/kdev_t.h.
 */

/** The first of the eight majors of pseudo terminals, with 256 of them each. */
const PTS_MAJOR = 136;
const PTS_MAJORS = 8;
const TTY_MAJOR = 4;
/** Below: virtual consoles; from here on: serial lines. */
const FIRST_SERIAL = 64;

/** `pts/3`, `tty1`, `ttyS0`; `MAJOR:MINOR` for other kinds; null for 0: there is none. */
export function terminalName(device: number): string | null {
  if (device === 0) return null;
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= PTS_MAJOR && major < PTS_MAJOR + PTS_MAJORS) return `pts/${(major - PTS_MAJOR) * 256 + minor}`;
  if (major === TTY_MAJOR) return minor < FIRST_SERIAL ? `tty${minor}` : `ttyS${minor - FIRST_SERIAL}`;
  if (major === 5 && minor === 1) return 'console';
  return `${major}:${minor}`;
}
