/**
 * Runs one scenario with whatever records it: a session in this process, the command line, another kernel in a
 * guest. What holds of every scenario is checked here, the rest by the scenario itself.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Line, Recorder, Recording, Scenario, Verdict } from './scenario';
import { Told } from './told';

const SOURCES = path.join(process.cwd(), 'test/scenarios/src');
const programs = new Map<string, string>();

/** Compiles `src/PROGRAM.c`, once in a test run for each set of flags. */
export function compileProgram(program: string, flags: readonly string[] = []): string {
  const key = [program, ...flags].join(' ');
  let file = programs.get(key);
  if (file === undefined) {
    file = path.join(temporaryFolder('scenario'), program);
    const source = path.join(SOURCES, `${program}.c`);
    // What it warns of is in the error, if there is one: a static program with dlopen is warned of.
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-o', file, source, '-pthread', '-ldl', ...flags], {
      stdio: 'pipe',
    });
    programs.set(key, file);
  }
  return file;
}

/** What the machine does not have for this scenario, as its program found out. */
export class RequirementMissing extends Error {}

/**
 * @param programOf where the compiled program is, on a machine without a compiler
 * @returns 'ok', or what the trace does not have and the report admits
 * @throws AssertionError where the report is wrong; RequirementMissing
 */
export async function runScenario(
  scenario: Scenario,
  record: Recorder,
  programOf: (program: string, flags?: readonly string[]) => string = compileProgram,
): Promise<Verdict> {
  const file = programOf(scenario.program, scenario.flags);
  const { outside } = scenario;
  const argv = [...(scenario.under ?? []), file, scenario.scene];
  const hear = (line: string): void => {
    if (line.startsWith('{')) outside?.(JSON.parse(line) as Line);
  };
  const recording = await record(argv, hear, scenario.bufferKb);
  return assertTrue(scenario, recording);
}

/** The same of a recording that was made before, perhaps on another machine. */
export function assertTrue(scenario: Scenario, recording: Recording): Verdict {
  const told = new Told(recording);
  if (told.missing !== null) throw new RequirementMissing(told.missing);
  // Where events are lost, the scenario itself says what may be missing.
  if (scenario.bufferKb !== undefined) return scenario.holds(told);
  told.birthsAreTrue();
  told.threadsAreTrue();
  told.endsAreTrue();
  told.nothingElseIsInDoubt(scenario.admits ?? []);
  return scenario.holds(told);
}
