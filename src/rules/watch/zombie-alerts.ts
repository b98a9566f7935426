/** The alerts about zombies: one that a rule is about, and those that a process keeps. */
import type { Alert } from '../../model/report';
import { makePlainAlert, timeAfter } from '../alerts/alert';
import { keptText, zombieText } from '../alerts/zombie-text';
import type { Verdict } from '../matching/verdict';
import type { KeptGroup } from './kept-zombies';
import { fingerprintOf } from './signal-rules';
import type { Zombie } from './zombies';

export function zombieAlert(zombie: Zombie, verdict: Verdict): Alert {
  const { compiled, target, since, time, deadline } = zombie;
  const fingerprint = fingerprintOf(compiled.rule, null, target);
  return makePlainAlert('zombie', verdict, {
    process: target,
    first: since,
    last: deadline,
    time: timeAfter(time, deadline - since),
    incomplete: target.incomplete ?? [],
    ...(fingerprint !== undefined && { fingerprint }),
    text: zombieText(target, deadline - since, verdict.reason),
  });
}

export function keptAlert(group: KeptGroup, verdict: Verdict): Alert {
  const { waiter, since, time, age } = group;
  return makePlainAlert('zombie', verdict, {
    process: waiter,
    first: since,
    last: since + age,
    time: timeAfter(time, age),
    incomplete: waiter.incomplete ?? [],
    text: keptText(group, verdict.reason),
  });
}
