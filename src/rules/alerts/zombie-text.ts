/** What an alert says of zombies. */
import type { SignalTarget } from '../../model/report';
import { processName } from '../../words/process-name';
import type { Verdict } from '../matching/verdict';
import { asSentence, identityOf } from './alert-text';
import { seconds } from './seconds';

/** "a.out (5441) has been a zombie for 30 s: its parent, bash (4994), has not waited for it. ..." */
export function zombieText(target: SignalTarget, age: number, reason: string): string {
  const who = processName(target.comm, Number.parseInt(target.id, 10));
  const parent = target.ancestors[0];
  const waiter =
    parent === undefined ? 'nobody has' : `its parent, ${processName(parent.comm, parent.pid)}, has not`;
  const details = identityOf(target.identity, target.path);
  const what = `${who} has been a zombie for ${seconds(age)}: ${waiter} waited for it. ${asSentence(reason)}`;
  return details === '' ? what : `${what}. It is ${details}`;
}

/** Who keeps zombies, and how many. Seconds are on the trace clock. */
export interface Keeper {
  readonly waiter: SignalTarget;
  readonly count: number;
  readonly age: number;
  readonly isAdopted: boolean;
  readonly isOver: boolean;
}

export function keptVerdict({ isAdopted }: Keeper): Verdict {
  return {
    verdict: 'attention',
    rule: 'default:zombie',
    severity: 'warning',
    reason: isAdopted
      ? 'whoever adopts orphans, as the first process of a container does, has to wait for them'
      : 'a parent has to wait for its children; until then each takes a pid',
  };
}

/** "12 zombies of node (10), which had adopted them and did not wait for them, for up to 2.2 s. Whoever adopts ..." */
export function keptText({ waiter, count, age, isAdopted, isOver }: Keeper, reason: string): string {
  const who = processName(waiter.comm, Number.parseInt(waiter.id, 10));
  const [what, whom, upTo] = count === 1 ? ['1 zombie', 'it', ''] : [`${count} zombies`, 'them', 'up to '];
  const waits = isOver ? `did not wait for ${whom}` : `does not wait for ${whom}`;
  const does = isAdopted ? `had adopted ${whom} and ${waits}` : waits;
  const details = identityOf(waiter.identity, waiter.path);
  const text = `${what} of ${who}, which ${does}, for ${upTo}${seconds(age)}. ${asSentence(reason)}`;
  return details === '' ? text : `${text}. It is ${details}`;
}
