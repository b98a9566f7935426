/**
 * From the ticks in the pages to the times that trace-cmd prints.
 *
 * A guest's trace may carry what brings its clock to the host's (TIME_SHIFT, by CPU), a TSC what makes it nanoseconds
 * (TSC2NSEC), and each trace an offset (DATE, OFFSET), in this order: `timestamp_calc()` in
 * lib/trace-cmd/trace-input.c. All in u64, which wraps.
 */

import type { ClockChange } from '../pages/trace-time';

/** One measurement of the guest's clock against the host's. */
interface ShiftSample {
  readonly time: bigint;
  readonly offset: bigint;
  readonly scaling: bigint;
  readonly fraction: bigint;
}

/** TRACECMD_TSYNC_FLAG_INTERPOLATE: between two measurements the offset runs from one to the other. */
const INTERPOLATE = 1;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

export class ClockConversion {
  /** Nanoseconds to add, at the end. */
  offset = 0n;
  /** Whether the offset makes the times those of the wall: seconds since 1970. */
  isWallTime = false;
  #multiplier = 0n;
  #shift = 0n;
  #flags = 0;
  #samples: readonly (readonly ShiftSample[])[] = [];

  /** `kernel/time` style: `(ticks * multiplier) >> shift`. */
  setScale(multiplier: number, shift: number): void {
    // A shift of 64 or more leaves nothing, and the kernel has none above 32 (`mult`, `shift` of perf's mmap page).
    if (shift > 32) return;
    this.#multiplier = BigInt(multiplier);
    this.#shift = BigInt(shift);
  }

  /** @param samples by CPU */
  setShifts(flags: number, samples: readonly (readonly ShiftSample[])[]): void {
    this.#flags = flags;
    this.#samples = samples.map((ofCpu) => {
      const sorted = [...ofCpu].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      return sorted.filter((sample, i) => i === 0 || sample.time !== sorted[i - 1]!.time);
    });
  }

  /** Whether the file says that its TSC is converted, so that the times are nanoseconds. */
  get isScaled(): boolean {
    return this.#multiplier !== 0n;
  }

  /** Null where the pages have the times as they are. */
  of(cpu: number): ClockChange | null {
    const samples = this.#samples[cpu] ?? [];
    if (this.offset === 0n && this.#multiplier === 0n && samples.length === 0) return null;
    return (ticks) => u64(this.#scaled(this.#shifted(ticks, samples)) + this.offset);
  }

  #scaled(ticks: bigint): bigint {
    if (this.#multiplier === 0n) return ticks;
    // In two halves, as the kernel's mul_u64_u32_shr(): the product may not fit.
    const low = ((ticks & 0xffff_ffffn) * this.#multiplier) >> this.#shift;
    const high = (ticks >> 32n) * this.#multiplier;
    return u64(low + (high << (32n - this.#shift)));
  }

  #shifted(ticks: bigint, samples: readonly ShiftSample[]): bigint {
    if (samples.length === 0) return ticks;
    if (samples.length === 1) return u64(ticks + samples[0]!.offset);
    let after = samples.findIndex((sample) => sample.time > ticks);
    if (after < 0) after = samples.length - 1;
    const before = samples[Math.max(0, after - 1)]!;
    const next = samples[Math.max(1, after)]!;
    let offset = before.offset;
    if ((this.#flags & INTERPOLATE) !== 0) {
      const span = next.time - before.time;
      offset += ((ticks - before.time) * (next.offset - before.offset) + span / 2n) / span;
    }
    return u64((u64(ticks * before.scaling) >> before.fraction) + offset);
  }
}
