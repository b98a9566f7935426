import type { PageLayout } from '../pages/page-layout';

/** The kernel keeps flags above the length (kernel/trace/ring_buffer.c). */
const LENGTH_MASK = 0x07ff_ffff;

/** The beginning of a page as a page of its own, whose header claims no more than is there. */
export function cutPage(start: Uint8Array, layout: PageLayout): Uint8Array {
  if (start.length < layout.dataOffset) return start;
  const page = new Uint8Array(start);
  const view = new DataView(page.buffer);
  const little = layout.littleEndian;
  // On big-endian 64-bit kernels the length is in the low half of the long, which is second.
  const at = layout.commitBytes === 8 && !little ? layout.commitOffset + 4 : layout.commitOffset;
  const commit = view.getUint32(at, little);
  const present = page.length - layout.dataOffset;
  if ((commit & LENGTH_MASK) > present) view.setUint32(at, (commit & ~LENGTH_MASK) | present, little);
  return page;
}
