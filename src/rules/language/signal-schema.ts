import { signalName } from '../../kernel/signals';
import { SIGNAL_SETS } from './signal-sets';

const LAST_STANDARD = 31;
/** Names besides those that we write. */
const OTHER_NAMES = ['SIGIOT', 'SIGPOLL', 'SIGCLD'];

/** How a rule may write a signal. Lower case is read too, which a pattern says letter by letter. */
export function signalsSchema() {
  const names = Array.from({ length: LAST_STANDARD }, (_, index) => signalName(index + 1));
  const anyCase = (text: string) => text.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
  const bare = [...names, ...OTHER_NAMES].map((name) => anyCase(name.slice('SIG'.length)));
  const realtime = `${anyCase('RT')}(?:_(?:[0-9]|[12][0-9]|3[0-2])|${anyCase('MIN')}(?:\\+[0-9]{1,2})?|${anyCase('MAX')}(?:-[0-9]{1,2})?)`;
  return {
    anyOf: [
      // For completion; the pattern below allows what else is read.
      { enum: [...names, ...Object.keys(SIGNAL_SETS)] },
      { type: 'integer', minimum: 1, maximum: 64 },
      { type: 'string', pattern: '^0*(?:[1-9]|[1-5][0-9]|6[0-4])$' },
      { type: 'string', pattern: `^(?:${anyCase('SIG')})?(?:${bare.join('|')}|${realtime})$` },
    ],
  } as const;
}
