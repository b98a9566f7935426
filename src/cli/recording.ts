import { Lifecycle, RingBatch, type Session } from '../index';
import type { EventBatch } from '../trace-event';
import { openCapture, type Capture } from './capture-file';
import { EventCount } from './event-count';
import { ndjsonOf, textHead, textOf } from './event-formats';
import type { Output } from './output';
import type { RecordRequest } from './record-request';
import { writeReport, type ReportFormat } from './report';

/** What is done with each batch, by what was asked for. */
export class Recording {
  readonly count = new EventCount();
  readonly #lifecycle = new Lifecycle({ source: 'raw' });
  #capture: Capture | null = null;
  readonly #tells: boolean;

  readonly request: RecordRequest;
  readonly session: Session;
  readonly out: Output;

  constructor(request: RecordRequest, session: Session, out: Output) {
    this.request = request;
    this.session = session;
    this.out = out;

    this.#tells = request.format === 'story' || request.format === 'json';
  }

  async begin(): Promise<void> {
    if (this.request.format === 'text') await this.out.write(textHead());
    const { file } = this.request;
    if (file === undefined) return;
    this.#capture = await openCapture(file, this.session);
  }

  async take(batch: EventBatch): Promise<void> {
    this.count.add(batch);
    if (this.#tells) this.#lifecycle.apply(batch);
    if (this.request.format === 'text') await this.out.write(textOf(batch));
    else if (this.request.format === 'ndjson') await this.out.write(ndjsonOf(batch));
    if (batch instanceof RingBatch) await this.#capture?.take(batch);
  }

  /** Once; also where the run failed, for what was recorded until then. */
  async endCapture(): Promise<void> {
    const capture = this.#capture;
    this.#capture = null;
    try {
      await capture?.end();
    } finally {
      await capture?.close();
    }
  }

  async finish(): Promise<void> {
    await this.endCapture();
    if (this.#tells) {
      await writeReport(this.#lifecycle.finish().report, this.request.format as ReportFormat, this.out, null);
    } else if (this.request.format === 'count') {
      await this.out.write(`${JSON.stringify(this.count)}\n`);
    }
    if (this.request.file !== undefined) {
      process.stderr.write(
        `ftrace-life: ${this.count.events} events in ${this.request.file}, ${this.count.lost ?? '?'} lost\n`,
      );
    }
  }
}
