/**
 * Writes a trace.dat. Its head is known last and each CPU's pages lie together, so all is spooled to a second file
 * beside it, and put in order at the end: memory stays flat, and so does the time to the next batch.
 */
import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { TraceDatWriter } from '../index';
import type { RingBatch } from '../readers/pages/ring-batch';
import { TraceError } from '../trace-error';

const COPY_BYTES = 1 << 20;
/** Beside the CPUs, which have numbers from 0. */
const NOTES = -1;

/** Whether a file of this name is to be one: `record -o life.dat`. */
export function isTraceDat(name: string): boolean {
  return name.endsWith('.dat');
}

interface Extent {
  readonly at: number;
  readonly bytes: number;
}

/** Every failure here is of the output: no permission, no space, no such folder. */
async function writing<Done>(file: string, work: () => Promise<Done>): Promise<Done> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw new TraceError(
      'OUTPUT_FAILED',
      `${file}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** `write` may write less than it was given, for instance the last of what a disk can take. */
async function writeAll(to: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await to.write(bytes, done, bytes.length - done, null)).bytesWritten;
  }
}

export class TraceDatFile {
  #writer: TraceDatWriter | null = null;
  /** Where the spool has what, by CPU, in order. */
  readonly #extents = new Map<number, Extent[]>();
  #spooled = 0;
  #noteBytes = 0;

  readonly name: string;
  readonly output: FileHandle;
  readonly spool: FileHandle;

  private constructor(name: string, output: FileHandle, spool: FileHandle) {
    this.name = name;
    this.output = output;
    this.spool = spool;
  }

  /** @throws TraceError OUTPUT_FAILED, as every method here */
  static open(name: string): Promise<TraceDatFile> {
    return writing(name, async () => {
      const output = await open(name, 'w');
      const path = `${name}.${randomUUID()}`;
      try {
        const spool = await open(path, 'wx+', 0o600);
        // Without a name it is gone as soon as nobody has it open, however we end.
        await unlink(path);
        return new TraceDatFile(name, output, spool);
      } catch (error) {
        await output.close();
        throw error;
      }
    });
  }

  take(batch: RingBatch): Promise<void> {
    return writing(this.name, async () => {
      this.#writer ??= new TraceDatWriter(batch.backing().context);
      const { full, notes } = this.#writer.take(batch);
      for (const { cpu, pages } of full) await this.#putBy(cpu, pages);
      const bytes = Buffer.from(notes);
      this.#noteBytes += bytes.length;
      await this.#putBy(NOTES, bytes);
    });
  }

  /** Puts the file in order. Without a batch it stays empty, for nothing says what machine it would be of. */
  end(): Promise<void> {
    return writing(this.name, async () => {
      if (this.#writer === null) return;
      const { rest, head } = this.#writer.finish(this.#noteBytes);
      for (const { cpu, pages } of rest) await this.#putBy(cpu, pages);
      await writeAll(this.output, head.beforeNotes);
      await this.#copy(NOTES);
      await writeAll(this.output, head.afterNotes);
      const cpus = [...this.#extents.keys()].filter((cpu) => cpu !== NOTES).sort((a, b) => a - b);
      for (const cpu of cpus) await this.#copy(cpu);
      if (this.#writer.tooLong > 0) {
        process.stderr.write(
          `ftrace-life: ${this.#writer.tooLong} records are longer than a page of ${this.name}; counted as lost\n`,
        );
      }
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.output.close(), this.spool.close()]);
  }

  async #putBy(cpu: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await writeAll(this.spool, bytes);
    const extent = { at: this.#spooled, bytes: bytes.length };
    const extents = this.#extents.get(cpu);
    if (extents === undefined) this.#extents.set(cpu, [extent]);
    else extents.push(extent);
    this.#spooled += bytes.length;
  }

  async #copy(cpu: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (const { at, bytes } of this.#extents.get(cpu) ?? []) {
      for (let done = 0; done < bytes;) {
        const wanted = Math.min(buffer.length, bytes - done);
        const { bytesRead } = await this.spool.read(buffer, 0, wanted, at + done);
        if (bytesRead === 0) throw new Error('the spool is shorter than what was written to it');
        await writeAll(this.output, buffer.subarray(0, bytesRead));
        done += bytesRead;
      }
    }
  }
}
