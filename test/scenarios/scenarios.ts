/**
 * Every kind of life, in one table: what makes it happen, and what must be reported of it. `runScenario` plays one with
 * any recorder, so that the same table holds for this kernel and for others.
 */
import { BIRTHS } from './births';
import { EXITS } from './exits';
import { FATAL } from './fatal';
import { FAULTS } from './faults';
import { FILES } from './files';
import { KERNEL_SENDS } from './kernel-sends';
import { NAMESPACES } from './namespaces';
import { PROGRAMS } from './programs';
import { REAPING } from './reaping';
import type { Scenario } from './scenario';
import { SIGNALS } from './signals';
import { STATUSES } from './statuses';
import { STOPS } from './stops';

export const SCENARIOS: Readonly<Record<string, readonly Scenario[]>> = {
  'how processes come to be': BIRTHS,
  'ends of their own choice': EXITS,
  'signals that end a process': FATAL,
  'faults and what the kernel ends': FAULTS,
  'ends that several pieces of evidence claim': STATUSES,
  'signals that end nothing at once': SIGNALS,
  'what the kernel sends by itself': KERNEL_SENDS,
  'stops and tracers': STOPS,
  'who reaps whom': REAPING,
  programs: PROGRAMS,
  'what descriptors mean': FILES,
  'pid namespaces': NAMESPACES,
};
