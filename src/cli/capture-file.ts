import { createWriteStream } from 'node:fs';
import { CaptureWriter, type RingBatch, type Session } from '../index';
import { Output } from './output';
import { isTraceDat, TraceDatFile } from './trace-dat-file';

/** A file that keeps the recorded events. */
export interface Capture {
  take(batch: RingBatch): Promise<void>;
  /** Everything is written when this resolves. */
  end(): Promise<void>;
  close(): Promise<void>;
}

class OwnCapture implements Capture {
  readonly writer: CaptureWriter;
  readonly output: Output;

  private constructor(writer: CaptureWriter, output: Output) {
    this.writer = writer;
    this.output = output;
  }

  static async open(file: string, session: Session): Promise<OwnCapture> {
    const capture = new OwnCapture(
      new CaptureWriter(session.context),
      new Output(createWriteStream(file), file),
    );
    await capture.output.write(capture.writer.head());
    return capture;
  }

  take(batch: RingBatch): Promise<void> {
    return this.output.write(this.writer.batch(batch));
  }

  end(): Promise<void> {
    return this.output.end();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Of the kind that the file's name asks for. */
export function openCapture(file: string, session: Session): Promise<Capture> {
  return isTraceDat(file) ? TraceDatFile.open(file) : OwnCapture.open(file, session);
}
