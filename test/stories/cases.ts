import type { Case } from './case';
import { CRASH_CASES } from './crash-cases';
import { EVERYDAY_CASES } from './everyday-cases';
import { RUNTIME_CASES } from './runtime-cases';
import { SERVER_CASES } from './server-cases';
import { SHELL_CASES } from './shell-cases';
import { SUPERVISOR_CASES } from './supervisor-cases';

/** All of them, also those that are not tests yet. */
export const ALL_CASES: readonly Case[] = [
  ...SERVER_CASES,
  ...RUNTIME_CASES,
  ...SHELL_CASES,
  ...SUPERVISOR_CASES,
  ...CRASH_CASES,
  ...EVERYDAY_CASES,
];

export const CASES: readonly Case[] = ALL_CASES.filter(({ open }) => open === undefined);
