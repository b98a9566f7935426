/** Who somebody is beyond the name, in a few words behind it: `, user root, ssh.service`. */
import type { Identity, SignalRecord } from '../model/report';
import { printable } from './printable';

/** As many digits of a container's id as `docker ps` shows. */
const SHORT_ID = 12;

/**
 * What is worth saying of the sender of a signal that killed: of a stranger all that places it; of a relative the user
 * alone, where it is another than the target's. '' where nothing is known.
 */
export function senderIdentity({ sender, fatal }: SignalRecord, target: Identity | undefined): string {
  const identity = sender?.identity;
  if (!fatal || sender === null || identity === undefined) return '';
  const { uid, unit, container } = identity;
  if (sender.inTree) return uid === null || uid === (target?.uid ?? uid) ? '' : userOf(identity);
  const place =
    container !== null
      ? `, container ${printable(/^[0-9a-f]{13,}$/.test(container) ? container.slice(0, SHORT_ID) : container)}`
      : unit !== null
        ? `, ${printable(unit)}`
        : '';
  return `${userOf(identity)}${place}`;
}

function userOf({ uid, user }: Identity): string {
  if (user !== null) return `, user ${printable(user)}`;
  return uid === null ? '' : `, uid ${uid}`;
}
