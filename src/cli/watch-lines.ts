/** A watch as lines for a person: one for each signal and each end, coloured on a terminal. */
import { fateOf, printable, type WatchRecord } from '../index';
import type { Alert, Exit, Severity, SignalRecord, SignalTarget } from '../model/report';
import { processName } from '../words/process-name';
import { senderName, type SenderShape } from '../words/sender-phrase';

const COLOURS: Readonly<Record<Severity | 'expected', string>> = {
  critical: '\u001b[1;31m',
  error: '\u001b[31m',
  warning: '\u001b[33m',
  notice: '\u001b[36m',
  info: '',
  expected: '\u001b[2m',
};
const PLAIN = '\u001b[0m';
/** `docker ps` shows so much of an id. */
const CONTAINER_DIGITS = 12;

export class WatchLines {
  readonly #isColoured: boolean;

  constructor(isColoured: boolean) {
    this.#isColoured = isColoured;
  }

  /** A line with its newline. @param severity how it is judged; null where that is open */
  record(record: WatchRecord, severity: Severity | 'expected' | null): string {
    return this.#line(record.time, textOf(record), severity);
  }

  alert({ severity, text, time }: Alert): string {
    return this.#line(time, `${severity}: ${text}`, severity);
  }

  /** How often something came again. */
  repeats(record: WatchRecord, count: number): string {
    return this.#line(record.time, `${textOf(record)}  ×${count}`, 'expected');
  }

  #line(time: string | null, text: string, severity: Severity | 'expected' | null): string {
    const colour = this.#isColoured && severity !== null ? COLOURS[severity] : '';
    const line = `${clockOf(time)}  ${printable(text)}`;
    return colour === '' ? `${line}\n` : `${colour}${line}${PLAIN}\n`;
  }
}

/** On this machine's clock, to the millisecond. */
function clockOf(time: string | null): string {
  if (time === null) return '--:--:--.---';
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

function textOf(record: WatchRecord): string {
  const { stage, detail, text, target } = record;
  if (stage === 'signal' || stage === 'signal-generated') {
    const signal = detail as SignalRecord;
    const fate = stage === 'signal' ? fateOf(signal) : 'pending';
    return `${sourceOf(signal)} → ${signal.signal} → ${targetText(record, signal)}  [${signal.origin}]  ${fate}`;
  }
  if (stage === 'exit' && target !== undefined) {
    const { kind, cause } = detail as Exit;
    return `${nameAndHome(processName(record.comm, record.pid), target)}  ${kind === 'exited' ? 'exited' : cause}`;
  }
  return text;
}

/** `bash (4994), ssh.service`; `kernel: Ctrl-C on its terminal`; `itself`. */
function sourceOf({ sender, cause = null, target }: SignalRecord): string {
  const own = sender === null || sender.irq === true ? null : sender;
  if (cause !== null) return `kernel: ${cause}`;
  if (own === null) return sender === null ? 'unknown sender' : 'kernel';
  if ((own.tgid ?? own.pid) === target.tgid) return 'itself';
  return [senderName(own), ...homeOf(own)].join(', ');
}

function targetText(record: WatchRecord, signal: SignalRecord): string {
  const name = processName(signal.target.comm, signal.target.tgid);
  return record.target === undefined ? name : nameAndHome(name, record.target);
}

function nameAndHome(name: string, target: SignalTarget): string {
  const { service } = target;
  const generation =
    service === undefined || service.generation === 1 ? [] : [`generation ${service.generation}`];
  return [name, ...homeOf(target), ...generation].join(', ');
}

function homeOf({ identity }: Pick<SignalTarget, 'identity'> | SenderShape): string[] {
  const { container = null, unit = null, user = null } = identity ?? {};
  if (container !== null) return [`container ${container.slice(0, CONTAINER_DIGITS)}`];
  if (unit !== null) return [unit];
  return user === null ? [] : [`user ${user}`];
}
