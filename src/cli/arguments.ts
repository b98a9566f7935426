/** The arguments of one command. What is wrong with them is a `UsageError` that names the option as it was typed. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { InvalidValue } from '../trace-error';
import { didYouMean } from '../words/nearest-name';
import { shownValue } from '../words/shown-value';
import { UsageError } from './usage';

type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** What was given: options by their long names, and the arguments that are no options. */
type Given<Options extends OptionTable> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>;

/** @throws UsageError for an unknown option, and for one with too few or too many values */
export function readArguments<const Options extends OptionTable>(
  args: string[],
  options: Options,
): Given<Options> {
  // Without `strict` nothing is refused, so that the words are ours.
  const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option') checkOption(token, options);
  }
  return parseArgs({ args, options, allowPositionals: true });
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkOption({ name, rawName, value, inlineValue }: OptionToken, options: OptionTable): void {
  if (!Object.hasOwn(options, name)) {
    const known = Object.keys(options).map((each) => `--${each}`);
    throw new UsageError(`unknown option ${rawName}${didYouMean(rawName, known)}`);
  }
  const takesValue = options[name]?.type === 'string';
  if (!takesValue && value !== undefined) throw new UsageError(`${rawName} takes no value`);
  if (takesValue && (value === undefined || value === '')) throw new UsageError(`${rawName} needs a value`);
  // The next option was probably not meant as the value of this one.
  if (takesValue && inlineValue === false && /^-./.test(value!)) {
    throw new UsageError(
      `${rawName} needs a value; if it is "${value}", write ${inlineForm(rawName, value!)}`,
    );
  }
}

/** How an option takes a value that begins with a dash. */
function inlineForm(rawName: string, value: string): string {
  return rawName.startsWith('--') ? `${rawName}=${value}` : `${rawName}${value}`;
}

/** The one FILE of a command. @throws UsageError */
export function onlyFile(command: string, positionals: readonly string[]): string {
  const [file, second] = positionals;
  if (file === undefined) throw new UsageError(`${command} needs a FILE, or - for standard input`);
  if (second !== undefined)
    throw new UsageError(`unexpected argument "${second}": ${command} takes one FILE`);
  return file;
}

/** @throws UsageError where a command that takes none got one */
export function noFile(command: string, [first]: readonly string[]): void {
  if (first !== undefined)
    throw new UsageError(`unexpected argument "${first}": ${command} takes only options`);
}

/** Whether help is wanted instead; what follows `--` belongs to a COMMAND. */
export function asksForHelp(args: readonly string[]): boolean {
  const dashes = args.indexOf('--');
  return args.slice(0, dashes < 0 ? args.length : dashes).some((arg) => arg === '--help' || arg === '-h');
}

/**
 * Reads a setting, and names the option where the setting is refused.
 * @param options by the names of the settings: `{ bufferKb: '--buffer' }`
 * @throws UsageError `--buffer "1": expected 4 to 1048576 KiB for each CPU`
 */
export function readOption<Setting>(options: Readonly<Record<string, string>>, read: () => Setting): Setting {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    const { place, expected, hint, found } = error;
    const typed = found === '' ? '""' : shownValue(found);
    throw new UsageError(`${options[place] ?? place} ${typed}: expected ${expected}${hint}`);
  }
}
