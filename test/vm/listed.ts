/** The scenarios with an id each, which names a row of the table, a golden trace, and what to run. */
import type { Scenario } from '../scenarios/scenario';
import { SCENARIOS } from '../scenarios/scenarios';

export interface ListedScenario {
  /** `fatal/kill`: the program and its scene. */
  readonly id: string;
  readonly subject: string;
  readonly scenario: Scenario;
}

export function allScenarios(): ListedScenario[] {
  return Object.entries(SCENARIOS).flatMap(([subject, scenarios]) =>
    scenarios.map((scenario) => ({ id: idOf(scenario), subject, scenario })),
  );
}

function idOf({ program, scene, flags = [], under = [] }: Scenario): string {
  const more = [...flags, ...under.slice(0, 1)].map((word) => word.replace(/^-+/, ''));
  return [`${program}/${scene}`, ...more].join('+');
}

export function programKey(program: string, flags: readonly string[] = []): string {
  return [program, ...flags].join(' ');
}
