/** What holds for each `format` file that a kernel wrote. */
import assert from 'node:assert/strict';
import { isLocated, parseFormat, type EventFormat } from '../../src/readers/pages/event-format';

/** The name, the id and each declared field are found. */
export function parseWhole(file: string, text: string): EventFormat {
  const format = parseFormat(text);
  assert.ok(format !== null, `${file} is not understood`);
  assert.ok(text.startsWith(`name: ${format.name}\nID: ${format.id}\n`), file);
  const declared = text.split('\n').filter((line) => line.trimStart().startsWith('field:')).length;
  assert.equal(format.common.length + format.fields.length, declared, file);
  return format;
}

/** Each field lies after the one before it, and its elements fill it. */
export function assertConsistent(file: string, text: string): EventFormat {
  const format = parseWhole(file, text);
  const { common, fields } = format;
  assert.deepEqual(
    common.slice(0, 4).map((field) => [field.name, field.offset, field.size]),
    [
      ['common_type', 0, 2],
      ['common_flags', 2, 1],
      ['common_preempt_count', 3, 1],
      ['common_pid', 4, 4],
    ],
    file,
  );
  let end = 0;
  for (const field of [...common, ...fields].sort((a, b) => a.offset - b.offset || a.size - b.size)) {
    const { name, type, offset, size, isArray, elements, elementBytes } = field;
    assert.ok(offset >= end, `${file}: ${name} begins in the field before it`);
    end = offset + size;
    if (isLocated(type)) assert.equal(size, 4, `${file}: ${name}`);
    else assert.equal(elements * elementBytes, size, `${file}: ${name}`);
    assert.equal(isArray, elements !== 1 || size === 0 || text.includes(` ${name}[`), `${file}: ${name}`);
  }
  return format;
}
