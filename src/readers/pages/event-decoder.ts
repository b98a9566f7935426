/**
 * One decoder for each event id, made once from its `format` file: a plan for each field, that runs only when
 * somebody looks at that field.
 *
 * Types: the stages of a trace event (include/trace/stages/stage1_struct_define.h): plain integers, `char x[16]`,
 * arrays, `__data_loc` (u32: offset from the record's start in the low half, length in the high half) and `__rel_loc`
 * (the same, from the end of that u32). The oldest have a u16, the offset alone.
 */
import type { EventFields, FieldValue } from '../../trace-event';
import { isLocated, type EventFormat, type FormatField } from './event-format';
import { textIn } from './page-text';

const BEYOND_53_BITS = 2 ** 21;

// Numbers, because a switch over them becomes a jump; each event's plans run through the same code.
const U8 = 0;
const S8 = 1;
const U16 = 2;
const S16 = 3;
const U32 = 4;
const S32 = 5;
const U64 = 6;
const S64 = 7;
const BOOL = 8;
const TEXT = 9;
const LIST = 10;
const LOCATED_TEXT = 11;
const LOCATED_LIST = 12;

/** How one field is read. */
interface FieldPlan {
  readonly name: string;
  readonly kind: number;
  /** Of each element of a list. */
  readonly elementKind: number;
  readonly elementBytes: number;
  readonly offset: number;
  /** Infinity for the rest of the record. */
  readonly size: number;
  /** What is added to the offset that the field states: `__rel_loc` counts from its own end. */
  readonly after: number;
}

function integerKind(bytes: number, signed: boolean): number {
  const index = [1, 2, 4, 8].indexOf(bytes);
  // A structure is its bytes.
  return index < 0 ? U8 : index * 2 + (signed ? 1 : 0);
}

/** `unsigned char` are bytes, such as a hardware address. */
function isText(field: FormatField): boolean {
  return /\bchar\b/.test(field.type) && !/unsigned|\*/.test(field.type);
}

function kindOf(field: FormatField): number {
  if (isLocated(field.type)) return isText(field) ? LOCATED_TEXT : LOCATED_LIST;
  if (field.isArray) return isText(field) ? TEXT : LIST;
  if (field.type === 'bool') return BOOL;
  return [1, 2, 4, 8].includes(field.size) ? integerKind(field.size, field.signed) : LIST;
}

function planOf(field: FormatField): FieldPlan {
  const { name, offset, size, signed } = field;
  const isWide = [1, 2, 4, 8].includes(field.elementBytes);
  return {
    name,
    kind: kindOf(field),
    elementKind: integerKind(field.elementBytes, signed && !isLocated(field.type)),
    elementBytes: isWide ? field.elementBytes : 1,
    offset,
    size: field.elements === 0 ? Infinity : size,
    after: field.type.startsWith('__rel_loc') ? offset + size : 0,
  };
}

function hex(high: number, low: number): string {
  return `0x${(high >>> 0).toString(16)}${low.toString(16).padStart(8, '0')}`;
}

/** 0 where the record ends before it. */
function integerAt(page: DataView, at: number, end: number, kind: number, little: boolean): number | string {
  switch (kind) {
    case U8:
      return at + 1 > end ? 0 : page.getUint8(at);
    case S8:
      return at + 1 > end ? 0 : page.getInt8(at);
    case U16:
      return at + 2 > end ? 0 : page.getUint16(at, little);
    case S16:
      return at + 2 > end ? 0 : page.getInt16(at, little);
    case U32:
      return at + 4 > end ? 0 : page.getUint32(at, little);
    case S32:
      return at + 4 > end ? 0 : page.getInt32(at, little);
    case U64: {
      if (at + 8 > end) return 0;
      const high = page.getUint32(little ? at + 4 : at, little);
      const low = page.getUint32(little ? at : at + 4, little);
      return high < BEYOND_53_BITS ? high * 2 ** 32 + low : hex(high, low);
    }
    case S64: {
      if (at + 8 > end) return 0;
      const high = page.getInt32(little ? at + 4 : at, little);
      const low = page.getUint32(little ? at : at + 4, little);
      return high >= -BEYOND_53_BITS && high < BEYOND_53_BITS ? high * 2 ** 32 + low : hex(high, low);
    }
    default:
      return 0;
  }
}

function listIn(page: DataView, start: number, end: number, plan: FieldPlan, little: boolean): FieldValue {
  const values: (number | string)[] = [];
  const bytes = plan.elementBytes;
  for (let at = start; at + bytes <= end; at += bytes)
    values.push(integerAt(page, at, end, plan.elementKind, little));
  return values;
}

/** @param start,end of the record, inside the page */
function valueOf(plan: FieldPlan, page: DataView, start: number, end: number, little: boolean): FieldValue {
  const at = start + plan.offset;
  switch (plan.kind) {
    case BOOL:
      return at + 1 <= end && page.getUint8(at) !== 0;
    case TEXT:
      return at >= end ? '' : textIn(page, at, Math.min(at + plan.size, end));
    case LIST:
      return listIn(page, at, Math.min(at + plan.size, end), plan, little);
    case LOCATED_TEXT:
    case LOCATED_LIST:
      return locatedValue(plan, page, start, end, little);
    default:
      return integerAt(page, at, end, plan.kind, little);
  }
}

/** What the field points to, as far as it is inside the record. */
function locatedValue(
  plan: FieldPlan,
  page: DataView,
  start: number,
  end: number,
  little: boolean,
): FieldValue {
  const at = start + plan.offset;
  let from = end;
  let to = end;
  if (plan.size === 2) {
    if (at + 2 <= end) from = start + page.getUint16(at, little) + plan.after;
  } else if (at + 4 <= end) {
    const word = page.getUint32(at, little);
    from = start + (word & 0xffff) + plan.after;
    to = Math.min(from + (word >>> 16), end);
  }
  if (plan.kind === LOCATED_TEXT) return from >= to ? '' : textIn(page, from, to);
  return listIn(page, from, to, plan, little);
}

export class EventDecoder {
  readonly name: string;
  readonly #plans: readonly FieldPlan[];
  readonly #byName: ReadonlyMap<string, FieldPlan>;
  readonly #little: boolean;

  constructor(format: EventFormat, littleEndian: boolean) {
    this.name = format.name;
    this.#plans = format.fields.map(planOf);
    this.#byName = new Map(this.#plans.map((plan) => [plan.name, plan]));
    this.#little = littleEndian;
  }

  /**
   * All fields of the record that begins (with `common_type`) at `offset` of the page and has `size` bytes. What lies
   * outside of it reads as 0, false, '' or [].
   */
  fieldsAt(page: DataView, offset: number, size: number): EventFields {
    const end = Math.min(offset + size, page.byteLength);
    const plans = this.#plans;
    const fields: Record<string, FieldValue> = {};
    // Always in the same order: then all events of a format have one hidden class.
    for (let index = 0; index < plans.length; index++) {
      const plan = plans[index]!;
      fields[plan.name] = valueOf(plan, page, offset, end, this.#little);
    }
    return fields;
  }

  /** One field of that record; undefined where the event has none of that name. */
  fieldAt(page: DataView, offset: number, size: number, name: string): FieldValue | undefined {
    const plan = this.#byName.get(name);
    if (plan === undefined) return undefined;
    return valueOf(plan, page, offset, Math.min(offset + size, page.byteLength), this.#little);
  }

  /** As `fieldsAt`, of a record with a view of its own. */
  fields(record: DataView): EventFields {
    return this.fieldsAt(record, 0, record.byteLength);
  }

  /** As `fieldAt`, of a record with a view of its own. */
  field(record: DataView, name: string): FieldValue | undefined {
    return this.fieldAt(record, 0, record.byteLength, name);
  }
}

export function compileDecoder(format: EventFormat, littleEndian: boolean): EventDecoder {
  return new EventDecoder(format, littleEndian);
}
