/**
 * What `trace-cmd report -t -R` says of a trace.dat: nanoseconds, and the fields one by one, each in the base and
 * width that the event's print format has.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import zlib from 'node:zlib';
import type { FieldValue, TraceEvent } from '../../src/trace-event';

// INSTANCE: COMM-PID [CPU] TIME: NAME: FIELD=VALUE ...
const LINE =
  /^(?:\s*([\w.-]+): )?\s*(?<comm>.{1,16}?)-(?<pid>\d+)\s+\[(?<cpu>\d+)\]\s*(?<ts>[\d.]+): (?<name>\S+): *(?<fields>.*)$/;

export interface ReportLine {
  readonly instance: string | undefined;
  readonly pid: number;
  readonly cpu: number;
  readonly ts: string;
  readonly name: string;
  readonly fields: string;
}

/** @param file gzipped */
export function readReport(file: string): ReportLine[] {
  const lines: ReportLine[] = [];
  for (const line of zlib.gunzipSync(fs.readFileSync(file)).toString().split('\n')) {
    const found = LINE.exec(line);
    if (found === null) continue;
    const { pid, cpu, ts, name, fields } = found.groups as Record<string, string>;
    lines.push({
      instance: found[1],
      pid: Number(pid),
      cpu: Number(cpu),
      ts: ts!,
      name: name!,
      fields: fields!.trimEnd(),
    });
  }
  return lines;
}

/** The values of the fields, by name, as they are printed: a value may hold spaces. */
function printed(fields: string, names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  let rest = fields;
  names.forEach((name, i) => {
    assert.ok(rest.startsWith(`${name}=`), `${name} is not the next of: ${rest}`);
    const next = names[i + 1];
    const end = next === undefined ? rest.length : rest.indexOf(` ${next}=`);
    assert.ok(end >= 0, `${next} is not in: ${rest}`);
    values[name] = rest.slice(name.length + 1, end);
    rest = rest.slice(end + 1);
  });
  return values;
}

function isSame(value: FieldValue, text: string): boolean {
  if (typeof value === 'boolean') return text === (value ? '1' : '0');
  if (typeof value === 'number' || (typeof value === 'string' && /^0x[\da-f]+$/.test(value))) {
    const number = BigInt(value);
    if (/^-?\d+$/.test(text) && BigInt(text) === number) return true;
    if (/^-?0+\d+$/.test(text) && BigInt(text.replace(/^0+/, '')) === number) return true;
    // A file's mode.
    if (/^[0-7]+$/.test(text) && BigInt(`0o${text}`) === number) return true;
    // Whole words are printed without a sign.
    const hex = /^(?:0x)?([\da-f]+)$/.exec(text);
    return hex !== null && [32, 64].some((bits) => BigInt.asUintN(bits, number) === BigInt(`0x${hex[1]!}`));
  }
  return String(value).trimEnd() === text;
}

/**
 * Compares an event with its line. Two fields cannot be: of `bprint` trace-cmd prints one word of the binary arguments
 * only, and the address in `print` it prints by its name.
 */
export function assertSame(event: TraceEvent, line: ReportLine): void {
  const about = `${line.name} at ${line.ts}`;
  const { instance, pid, cpu, name } = event;
  assert.deepEqual(
    { instance, pid, cpu, name },
    { instance: line.instance, pid: line.pid, cpu: line.cpu, name: line.name },
    about,
  );
  // The nearest double: beyond 104 days a nanosecond is less than its last digit.
  assert.equal(event.ts, Number(line.ts), about);
  const values = printed(line.fields, Object.keys(event.fields));
  for (const [field, text] of Object.entries(values)) {
    if (name === 'bprint' && field === 'buf') continue;
    if (name === 'print' && field === 'ip' && text === 'tracing_mark_write') continue;
    const value = event.fields[field]!;
    assert.ok(isSame(value, text), `${about}: ${field} is ${JSON.stringify(value)}, not ${text}`);
  }
}
