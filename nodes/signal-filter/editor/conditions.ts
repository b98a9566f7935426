/** The rows of one condition: field, test, value; all of them or one of them; each also denied. */
import {
  ANY_FIELD,
  FIELD_NAMES,
  SIGNAL_SETS,
  TESTS_OF_TYPE,
  conditionField,
  readCondition,
  signalWords,
  type FieldName,
  type JsonObject,
  type Say,
} from '../../../src/rule-language';
import { conditionForm, writtenCondition, type ConditionRow, type RowTest } from './condition-rows';
import { completeFrom, div, icon, select, smallButton, textField, type Choice } from './widgets';

/** The ones that people ask for; any other may be written. */
const USUAL_SIGNALS = [
  ...[
    'SIGTERM',
    'SIGKILL',
    'SIGINT',
    'SIGHUP',
    'SIGQUIT',
    'SIGABRT',
    'SIGSEGV',
    'SIGBUS',
    'SIGFPE',
    'SIGILL',
  ],
  ...['SIGSYS', 'SIGTRAP', 'SIGPIPE', 'SIGALRM', 'SIGUSR1', 'SIGUSR2', 'SIGCHLD', 'SIGCONT', 'SIGSTOP'],
  ...['SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH', 'SIGURG', 'SIGXCPU', 'SIGXFSZ', 'SIGPROF', 'SIGRTMIN'],
];
const SIGNALS = [...Object.keys(SIGNAL_SETS), ...USUAL_SIGNALS];

const GROUPS = ['signal', 'sender', 'target', 'delivered'];

export interface ConditionOptions {
  readonly say: Say;
  readonly written: unknown;
  readonly fields: readonly FieldName[];
  /** Only rows that must all hold, none denied: what an exception can say. */
  readonly isPlain?: boolean;
  readonly changed: (written: JsonObject) => void;
  readonly editAsJson: () => void;
}

export function conditionEditor(options: ConditionOptions): JQuery {
  const form = conditionForm(options.written ?? {});
  if (form === null || form.rows.some(({ field }) => !options.fields.includes(field)))
    return tooDeep(options);
  return new ConditionRows(options, form.join, [...form.rows]).element;
}

/** In words where the reader takes it, else as it is written; the JSON is a press away. */
function tooDeep({ say, written, editAsJson }: ConditionOptions): JQuery {
  let words: string;
  try {
    words = signalWords(readCondition(written, 'when', ANY_FIELD), say);
  } catch {
    words = JSON.stringify(written);
  }
  return div('tracelife-deep').append(
    $('<div>').text(words),
    $('<small>').text(say('rule.deep')),
    ' ',
    smallButton('code', say('rule.asJson'), editAsJson),
  );
}

class ConditionRows {
  readonly element = div('tracelife-conditions');

  readonly #options: ConditionOptions;
  #join: 'all' | 'any';
  readonly #rows: ConditionRow[];

  constructor(options: ConditionOptions, join: 'all' | 'any', rows: ConditionRow[]) {
    this.#options = options;
    this.#join = join;
    this.#rows = rows;

    this.#draw();
  }

  #draw(): void {
    const { say, isPlain = false } = this.#options;
    this.element.empty();
    if (!isPlain && this.#rows.length > 1) {
      const joins: Choice[] = [
        ['all', say('input.all')],
        ['any', say('input.any')],
      ];
      const chosen = (join: string): void => {
        this.#join = join === 'any' ? 'any' : 'all';
        this.#tell();
      };
      this.element.append(select(joins, this.#join, chosen).addClass('tracelife-join'));
    }
    for (const index of this.#rows.keys()) this.element.append(this.#row(index));
    this.element.append(
      smallButton('plus', say('input.addCondition'), () => {
        const unused = this.#options.fields.find((field) => !this.#rows.some((row) => row.field === field));
        this.#rows.push(emptyRow(unused ?? this.#options.fields[0]!));
        this.#tell();
        this.#draw();
      }).addClass('tracelife-add-condition'),
    );
  }

  #row(index: number): JQuery {
    const { say, isPlain = false } = this.#options;
    const row = this.#rows[index]!;
    const change = (changes: Partial<ConditionRow>): void => {
      this.#rows[index] = { ...this.#rows[index]!, ...changes };
      this.#tell();
    };
    const field = this.#fieldSelect(row, (name) => {
      change(emptyRow(name, row.denied));
      this.#draw();
    });
    const test = select(testsOf(row, say), row.test, (chosen) => {
      const value = chosen === 'known' ? 'true' : row.test === 'known' ? '' : this.#rows[index]!.value;
      change({ test: chosen as RowTest, value });
      this.#draw();
    });
    const remove = $('<a href="#" class="red-ui-button red-ui-button-small tracelife-remove">')
      .append(icon('remove'))
      .attr('title', say('input.remove'))
      .on('click', (event) => {
        event.preventDefault();
        this.#rows.splice(index, 1);
        this.#tell();
        this.#draw();
      });
    return div('tracelife-condition').append(
      isPlain ? '' : this.#denial(row, change),
      field.addClass('tracelife-field'),
      test.addClass('tracelife-test'),
      valueField(row, say, (value) => {
        change({ value });
      }).addClass('tracelife-value'),
      remove,
    );
  }

  #denial(row: ConditionRow, change: (changes: Partial<ConditionRow>) => void): JQuery {
    const { say } = this.#options;
    let { denied } = row;
    const button = $('<button type="button" class="red-ui-button red-ui-button-small tracelife-not">')
      .text(say('input.not'))
      .attr('title', say('input.notTip'));
    const show = (): void => {
      button.toggleClass('selected', denied).attr('aria-pressed', String(denied));
    };
    show();
    return button.on('click', (event) => {
      event.preventDefault();
      denied = !denied;
      show();
      change({ denied });
    });
  }

  #fieldSelect(row: ConditionRow, chosen: (name: FieldName) => void): JQuery {
    const { say, fields } = this.#options;
    const list = $('<select>');
    for (const group of GROUPS) {
      const own = fields.filter((name) =>
        name.includes('.') ? name.startsWith(`${group}.`) : group === 'signal',
      );
      if (own.length === 0) continue;
      const section = $('<optgroup>')
        .attr('label', say(`input.group.${group}`))
        .appendTo(list);
      for (const name of own) {
        const { meaning } = conditionField(name);
        $('<option>')
          .val(name)
          .text(say(`field.${name}`))
          .attr('title', `${name}: ${meaning}`)
          .appendTo(section);
      }
    }
    return list.val(row.field).on('change', () => {
      const name = FIELD_NAMES.find((each) => each === list.val());
      if (name !== undefined) chosen(name);
    });
  }

  #tell(): void {
    this.#options.changed(writtenCondition({ join: this.#join, rows: this.#rows }));
  }
}

function emptyRow(field: FieldName, denied = false): ConditionRow {
  const value = conditionField(field).type === 'boolean' ? 'true' : '';
  return { denied, field, test: 'in', value };
}

/** `glob` says no more than "is" does: it is offered where it is written. */
function testsOf({ field, test }: ConditionRow, say: Say): Choice[] {
  const names = TESTS_OF_TYPE[conditionField(field).type].map((name) => (name === 'is' ? 'in' : name));
  const offered = [...new Set(names)].filter((name) => name !== 'glob' || test === 'glob');
  return offered.map((name) => [name, say(`test.${name}`)]);
}

function valueField(
  { field, test, value }: ConditionRow,
  say: Say,
  written: (value: string) => void,
): JQuery {
  const known = conditionField(field);
  if (test === 'known' || known.type === 'boolean') {
    const choices: Choice[] = [
      ['true', say('input.yes')],
      ['false', say('input.no')],
    ];
    return select(choices, value, written);
  }
  if (test === 'regex') return textField(value, say('input.regex'), written);
  if (known.type === 'signal') {
    return completeFrom(textField(value, say('input.signals'), written), SIGNALS);
  }
  const text = textField(value, test === 'in' || test === 'not' ? say('input.value') : '', written);
  return completeFrom(text, known.type === 'choice' ? known.values : []);
}
