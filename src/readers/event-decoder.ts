/**
 * One decoder for each event id, made once from its `format` file: a list of readers, one a field, that run
 * only when somebody looks at the fields.
 *
 * Types: FORMATS of the kernel's trace events (include/trace/stages/): plain integers, `char x[16]`, arrays,
 * `__data_loc` (u32: offset from the record's start in the low half, length in the high half) and `__rel_loc`
 * (the same, from the end of that u32). The oldest have a u16, the offset alone.
 */
import type { EventFields, FieldValue } from '../trace-event';
import { elementBytes, type EventFormat, type FormatField } from './event-format';

type FieldReader = (record: DataView, length: number) => FieldValue;

export interface EventDecoder {
  readonly name: string;
  /** `record` starts at `common_type`; what lies outside its `byteLength` reads as null-like ('' or 0). */
  fields(record: DataView): EventFields;
  /** One field by name; undefined where the event has none of that name. */
  field(record: DataView, name: string): FieldValue | undefined;
}

const utf8 = new TextDecoder('utf-8');
const BEYOND_53_BITS = 2 ** 21;

function text(record: DataView, offset: number, length: number): string {
  const end = Math.min(offset + length, record.byteLength);
  if (offset >= end) return '';
  const bytes = new Uint8Array(record.buffer, record.byteOffset + offset, end - offset);
  const nul = bytes.indexOf(0);
  return utf8.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

function unsigned64(record: DataView, offset: number, little: boolean): number | string {
  const high = record.getUint32(little ? offset + 4 : offset, little);
  if (high < BEYOND_53_BITS) return high * 2 ** 32 + record.getUint32(little ? offset : offset + 4, little);
  return `0x${record.getBigUint64(offset, little).toString(16)}`;
}

function signed64(record: DataView, offset: number, little: boolean): number | string {
  const high = record.getInt32(little ? offset + 4 : offset, little);
  if (high >= -BEYOND_53_BITS && high < BEYOND_53_BITS) {
    return high * 2 ** 32 + record.getUint32(little ? offset : offset + 4, little);
  }
  return `0x${record.getBigUint64(offset, little).toString(16)}`;
}

function readInteger(
  record: DataView,
  offset: number,
  size: number,
  signed: boolean,
  little: boolean,
): number | string {
  if (offset + size > record.byteLength) return 0;
  switch (size) {
    case 1:
      return signed ? record.getInt8(offset) : record.getUint8(offset);
    case 2:
      return signed ? record.getInt16(offset, little) : record.getUint16(offset, little);
    case 4:
      return signed ? record.getInt32(offset, little) : record.getUint32(offset, little);
    case 8:
      return signed ? signed64(record, offset, little) : unsigned64(record, offset, little);
    default:
      return 0;
  }
}

function isText(type: string): boolean {
  return /\bchar\b/.test(type);
}

function located(
  field: FormatField,
  little: boolean,
): (record: DataView) => { offset: number; length: number } {
  const relative = field.type.startsWith('__rel_loc');
  const after = relative ? field.offset + field.size : 0;
  const stated = field.size === 2 ? 2 : 4;
  return (record) => {
    if (field.offset + stated > record.byteLength) return { offset: 0, length: 0 };
    if (stated === 2) {
      const offset = record.getUint16(field.offset, little) + after;
      return { offset, length: record.byteLength - offset };
    }
    const word = record.getUint32(field.offset, little);
    return { offset: (word & 0xffff) + after, length: word >>> 16 };
  };
}

function fieldReader(field: FormatField, little: boolean): FieldReader {
  const { offset, size, signed } = field;
  if (field.type.startsWith('__data_loc') || field.type.startsWith('__rel_loc')) {
    const locate = located(field, little);
    if (isText(field.type)) {
      return (record) => {
        const place = locate(record);
        return text(record, place.offset, place.length);
      };
    }
    return (record) => {
      const place = locate(record);
      return bytesOf(record, place.offset, place.length);
    };
  }
  if (field.elements !== 1) {
    if (isText(field.type)) {
      return field.elements === 0
        ? (record, length) => text(record, offset, length - offset)
        : (record) => text(record, offset, size);
    }
    const bytes = field.elements === 0 ? elementBytes(field.type) : size / field.elements;
    return (record, length) => {
      const end = field.elements === 0 ? length : Math.min(length, offset + size);
      const values: (number | string)[] = [];
      for (let at = offset; at + bytes <= end; at += bytes)
        values.push(readInteger(record, at, bytes, signed, little));
      return values;
    };
  }
  if (field.type === 'bool') return (record) => readInteger(record, offset, size, false, little) !== 0;
  if (![1, 2, 4, 8].includes(size)) return (record) => bytesOf(record, offset, size);
  return (record) => readInteger(record, offset, size, signed, little);
}

function bytesOf(record: DataView, offset: number, length: number): number[] {
  const end = Math.min(offset + length, record.byteLength);
  return offset >= end ? [] : [...new Uint8Array(record.buffer, record.byteOffset + offset, end - offset)];
}

export function compileDecoder(format: EventFormat, littleEndian: boolean): EventDecoder {
  const readers = format.fields.map((field) => ({
    name: field.name,
    read: fieldReader(field, littleEndian),
  }));
  const byName = new Map(readers.map((reader) => [reader.name, reader.read]));
  return {
    name: format.name,
    fields: (record) => {
      const fields: Record<string, FieldValue> = {};
      for (const reader of readers) fields[reader.name] = reader.read(record, record.byteLength);
      return fields;
    },
    field: (record, name) => byName.get(name)?.(record, record.byteLength),
  };
}
