/** What is wrong with a part of a payload, with its place: a message may come from anywhere. Only what is read is looked at. */

export type Properties = Readonly<Record<string, unknown>>;
/** "msg.payload[2].detail.ts: expected a finite number, found NaN"; null where nothing is wrong. */
export type Fault = string | null;

export function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value in a few words, however large it is: `null`, `NaN`, `an array`, `an object`, `a string`. */
export function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number') return String(value);
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

const wrong = (at: string, value: unknown, wanted: string): Fault =>
  `${at}: expected ${wanted}, found ${nameOf(value)}`;

const number = (at: string, value: unknown): Fault =>
  Number.isFinite(value) ? null : wrong(at, value, 'a finite number');

const text = (at: string, value: unknown): Fault =>
  typeof value === 'string' ? null : wrong(at, value, 'a string');

function object(at: string, value: unknown, inside: (value: Properties) => Fault = () => null): Fault {
  return isObject(value) ? inside(value) : wrong(at, value, 'an object');
}

function list(at: string, value: unknown, each: (at: string, value: unknown) => Fault): Fault {
  if (!Array.isArray(value)) return wrong(at, value, 'an array');
  for (let index = 0; index < value.length; index++) {
    const fault = each(`${at}[${index}]`, value[index]);
    if (fault !== null) return fault;
  }
  return null;
}

/** Null and absent are both that there is none. */
function optional(at: string, value: unknown, check: (at: string, value: unknown) => Fault): Fault {
  return value === null || value === undefined ? null : check(at, value);
}

const anObject = (at: string, value: unknown): Fault => object(at, value);

const moment = (at: string, value: unknown): Fault => object(at, value, ({ ts }) => number(`${at}.ts`, ts));

const stacked = (at: string, value: unknown): Fault =>
  moment(at, value) ?? list(`${at}.stack`, (value as Properties)['stack'], text);

export function recordFault(at: string, value: unknown): Fault {
  return object(
    at,
    value,
    (record) =>
      number(`${at}.ts`, record['ts']) ??
      text(`${at}.signal`, record['signal']) ??
      number(`${at}.number`, record['number']) ??
      object(`${at}.target`, record['target']) ??
      optional(`${at}.sender`, record['sender'], anObject) ??
      optional(`${at}.generated`, record['generated'], stacked) ??
      optional(`${at}.delivered`, record['delivered'], stacked),
  );
}

function targetFault(at: string, value: unknown): Fault {
  return object(
    at,
    value,
    ({ id, ancestors }) => text(`${at}.id`, id) ?? list(`${at}.ancestors`, ancestors, anObject),
  );
}

export function stageFault(at: string, stage: Properties): Fault {
  const { stage: name, ts, detail } = stage;
  // The stage `end` of a trace without events has no time.
  const time = name === 'end' && ts === null ? null : number(`${at}.ts`, ts);
  return (
    time ??
    optional(`${at}.process`, stage['process'], text) ??
    optional(`${at}.target`, stage['target'], targetFault) ??
    detailFault(`${at}.detail`, name, detail)
  );
}

function detailFault(at: string, name: unknown, detail: unknown): Fault {
  switch (name) {
    case 'signal':
    case 'signal-generated':
      return recordFault(at, detail);
    case 'exit':
      return object(at, detail);
    case 'lost':
      return object(at, detail, ({ cpu }) => number(`${at}.cpu`, cpu));
    default:
      return null;
  }
}

export function reportFault(at: string, report: Properties): Fault {
  return (
    object(
      `${at}.trace`,
      report['trace'],
      ({ start, end }) =>
        optional(`${at}.trace.start`, start, number) ?? optional(`${at}.trace.end`, end, number),
    ) ??
    list(`${at}.signals`, report['signals'], recordFault) ??
    list(`${at}.processes`, report['processes'], processFault) ??
    list(`${at}.lost`, report['lost'], (place, loss) =>
      object(place, loss, ({ ts }) => optional(`${place}.ts`, ts, number)),
    )
  );
}

function processFault(at: string, value: unknown): Fault {
  return object(
    at,
    value,
    (process) =>
      text(`${at}.id`, process['id']) ??
      list(`${at}.signals`, process['signals'], number) ??
      list(`${at}.commHistory`, process['commHistory'], moment) ??
      list(`${at}.execs`, process['execs'], moment) ??
      optional(`${at}.attached`, process['attached'], anObject) ??
      optional(`${at}.fork`, process['fork'], moment) ??
      optional(`${at}.exit`, process['exit'], moment) ??
      optional(`${at}.reap`, process['reap'], moment),
  );
}
