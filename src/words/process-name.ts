/** `bash (4994)`; `process 4994` where nobody knows its name. */
export function processName(comm: string | null, pid: number): string {
  return comm === null ? `process ${pid}` : `${comm} (${pid})`;
}
