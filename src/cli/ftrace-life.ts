#!/usr/bin/env node
/** `ftrace-life`: the library on the command line. Exit status: 0 done, 1 failed, 2 invalid call. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TraceError } from '../trace-error';
import { didYouMean } from '../words/nearest-name';
import { asksForHelp } from './arguments';
import { doctor } from './doctor';
import { events } from './events';
import { Output } from './output';
import { record } from './record';
import { report } from './report';
import { COMMAND_NAMES, HELP, isCommand, USAGE, UsageError, type CommandName } from './usage';
import { watch } from './watch';

const COMMANDS: Readonly<Record<CommandName, (args: string[], out: Output) => Promise<number>>> = {
  doctor,
  record,
  report,
  events,
  watch,
};

/** The version in the package's own package.json, three folders above dist/src/cli. */
function version(): string {
  const manifest = path.join(__dirname, '../../../package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** @returns the exit status */
async function call(args: string[], out: Output): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-V') {
    await out.write(`ftrace-life ${version()}\n`);
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [about] = rest;
    await out.write(about === undefined ? USAGE : HELP[commandNamed(about)]);
    return name === undefined ? 2 : 0;
  }
  const command = commandNamed(name);
  if (asksForHelp(rest)) {
    await out.write(HELP[command]);
    return 0;
  }
  return COMMANDS[command](rest, out);
}

/** @throws UsageError */
function commandNamed(name: string): CommandName {
  if (isCommand(name)) return name;
  if (name.startsWith('-')) throw new UsageError(`unknown option ${name} before a command`);
  throw new UsageError(`unknown command "${name}"${didYouMean(name, COMMAND_NAMES)}`);
}

/** What went wrong, in one line on standard error, but for a bug of ours: that has its stack. */
function complain(error: unknown, name: string | undefined): number {
  if (error instanceof UsageError) {
    const help = name !== undefined && isCommand(name) ? `ftrace-life ${name} --help` : 'ftrace-life --help';
    process.stderr.write(`ftrace-life: ${error.message}; see ${help}\n`);
    return 2;
  }
  const what =
    error instanceof TraceError
      ? `${error.code}: ${error.message}`
      : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`ftrace-life: ${what}\n`);
  return 1;
}

async function main(args: string[]): Promise<number> {
  const out = new Output(process.stdout, 'standard output');
  // Nobody reads it any more, as in `2>&1 | head`: there is nobody to complain to.
  process.stderr.on('error', () => undefined);
  try {
    const status = await call(args, out);
    await out.end();
    return status;
  } catch (error) {
    return complain(error, args[0]);
  }
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
