#!/usr/bin/env node
/** `ftrace-life`: the library on the command line. Exit status: 0 done, 1 failed, 2 usage. */
import { TraceError } from '../trace-error';
import { doctor } from './doctor';
import { events } from './events';
import { Output } from './output';
import { record } from './record';
import { report } from './report';
import { USAGE, UsageError } from './usage';
import { watch } from './watch';

const COMMANDS: Readonly<Record<string, (args: string[], out: Output) => Promise<number>>> = {
  doctor,
  record,
  report,
  events,
  watch,
};

function isUsage(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  // What util.parseArgs throws for an option that does not exist, or lacks its value.
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(USAGE);
    return name === undefined ? 2 : 0;
  }
  const out = new Output(process.stdout, 'standard output');
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw new UsageError(`unknown command "${name}"`);
    const status = await command(rest, out);
    await out.end();
    return status;
  } catch (error) {
    if (isUsage(error)) {
      // What parseArgs says of an ambiguous option has three lines.
      const said = error.message.replaceAll('\n', ' ');
      process.stderr.write(`ftrace-life: ${said}; see ftrace-life --help\n`);
      return 2;
    }
    const said =
      error instanceof TraceError
        ? `${error.code}: ${error.message}`
        : String(error instanceof Error ? error.stack : error);
    process.stderr.write(`ftrace-life: ${said}\n`);
    return 1;
  }
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
