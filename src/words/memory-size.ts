/** An amount of memory as a person reads it: `512 KiB`, `61 MiB`, `1.5 GiB`. @param kb kibibytes */
export function memorySize(kb: number): string {
  if (kb < 1024) return `${kb} KiB`;
  const mib = kb / 1024;
  return mib < 1024 ? `${mib.toFixed(0)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}
