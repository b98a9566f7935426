/** One message that signal-filter judges, over as many turns as it takes, and how far that is. */
import type { NodeMessage } from 'node-red';
import type { AlertWatch, Judgement } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { countOf, judgePayload } from './incoming-signals';

export class PayloadWork {
  /** Of all reports in the message; null where it has no report. */
  ofReports: AlertWatch | null = null;
  #judgedAlone = 0;
  #fault: string | null = null;
  #faults = 0;

  readonly message: NodeMessage;
  readonly #newWatch: () => AlertWatch;

  constructor(message: NodeMessage, newWatch: () => AlertWatch) {
    this.message = message;
    this.#newWatch = newWatch;
  }

  /** What is judged, part by part, so that others get a turn between them. */
  judge(watch: AlertWatch): Generator<Judgement[], void> {
    return judgePayload(this.message.payload, {
      watch,
      reports: () => (this.ofReports ??= this.#newWatch()),
      judged: () => {
        this.#judgedAlone++;
      },
      refused: (fault) => {
        this.#fault ??= fault;
        this.#faults++;
      },
    });
  }

  /** Stages, records, and signals of reports that are not judged yet. */
  get left(): number {
    const judged = this.#judgedAlone + (this.ofReports?.tallies.signals ?? 0);
    return Math.max(0, countOf(this.message.payload) - judged);
  }

  /** @throws TraceError MESSAGE_INVALID with the first part that could not be judged, and how many more there were */
  refuse(): void {
    if (this.#fault === null) return;
    const more =
      this.#faults === 1
        ? ''
        : ` (and ${this.#faults - 1} more part${this.#faults === 2 ? '' : 's'} could not be judged)`;
    throw new TraceError('MESSAGE_INVALID', `${this.#fault}${more}`);
  }
}
