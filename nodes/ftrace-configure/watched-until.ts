/**
 * Until when a node's watch has seen everything, so that the next one can say for how long nobody watched: in this process
 * over a deploy, in a small file over a restart of Node-RED or of the machine.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A crash makes the reported gap longer by so much, never shorter; each time some fifty bytes are written. */
export const KEEP_MS = 60_000;

const inThisProcess = new Map<string, number>();

export class WatchedUntil {
  readonly #id: string;
  readonly #file: string | null;

  /** @param folder where files may be kept; null: nothing survives this process */
  constructor(id: string, folder: string | null) {
    this.#id = id;
    // Ids are Node-RED's own, but a flow file may hold anything.
    const name = id.replace(/[^\w-]/g, '_').slice(0, 100);
    this.#file = folder === null ? null : path.join(folder, 'ftrace-life', `watched-until-${name}.json`);
  }

  /** Seconds since 1970; null where nobody watched before. */
  read(): number | null {
    return inThisProcess.get(this.#id) ?? this.#readFile();
  }

  keep(unixSeconds: number): void {
    inThisProcess.set(this.#id, unixSeconds);
    if (this.#file === null) return;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.tmp`, JSON.stringify({ until: unixSeconds }));
      renameSync(`${this.#file}.tmp`, this.#file);
    } catch {
      // A full or read-only disk: the gap after a restart is not reported, and the watch goes on.
    }
  }

  /** It was stopped on purpose: what comes then is no gap. */
  forget(): void {
    inThisProcess.delete(this.#id);
    if (this.#file === null) return;
    try {
      rmSync(this.#file, { force: true });
    } catch {
      // A read-only disk has none to forget.
    }
  }

  #readFile(): number | null {
    if (this.#file === null) return null;
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#file, 'utf8'));
      const until = (kept as { until?: unknown } | null)?.until;
      return typeof until === 'number' && Number.isFinite(until) ? until : null;
    } catch {
      return null;
    }
  }
}
