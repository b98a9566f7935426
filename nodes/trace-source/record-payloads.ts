/** What a watch tells, as payloads: records are few, and plain objects already. */
import type { WatchRecord } from '../../src/index';
import type { OutputFormName } from './output-form';

/** What is sent in one message is judged in one turn of the event loop. */
const MAX_RECORDS_A_MESSAGE = 500;

/** One record each where single events are wanted, a line each as text; else arrays. None for no records. */
export function* payloadsOf(
  records: readonly WatchRecord[],
  form: OutputFormName,
): Generator<WatchRecord | string | WatchRecord[], void> {
  if (form === 'event') {
    yield* records;
    return;
  }
  for (let from = 0; from < records.length; from += MAX_RECORDS_A_MESSAGE) {
    const some = records.slice(from, from + MAX_RECORDS_A_MESSAGE);
    yield form === 'text'
      ? some.map((record) => `${record.time ?? record.ts} ${record.text}\n`).join('')
      : some;
  }
}
