/** The form of one rule, which opens in its place in the list. */
import {
  AWAITED_STAGES,
  FIELD_NAMES,
  PATTERNS,
  SEVERITIES,
  USUAL_SEVERITY,
  isObject,
  type FieldName,
  type JsonObject,
  type Say,
  type VerdictName,
} from '../../../src/rule-language';
import { conditionEditor } from './conditions';
import { exceptionEditor } from './exceptions';
import {
  completeFrom,
  formRow,
  numberOrText,
  select,
  shownText,
  textField,
  word,
  div,
  type Choice,
} from './widgets';
import { withKey } from './rules-text';
import { joinValues, splitValues } from './value-list';

type RuleKey = Parameters<typeof withKey>[1];

const OF_ZOMBIES = FIELD_NAMES.filter((name) => name.startsWith('target.') && name !== 'target.tid');
const OF_EXITS = [...FIELD_NAMES.filter((name) => name.startsWith('exit.')), ...OF_ZOMBIES];
const OF_SIGNALS = FIELD_NAMES.filter((name) => !name.startsWith('exit.'));

export interface RuleFormOptions {
  readonly say: Say;
  readonly rule: JsonObject;
  readonly changed: (rule: JsonObject) => void;
  readonly editAsJson: () => void;
}

export class RuleForm {
  readonly element = div('tracelife-rule-form');
  #rule: JsonObject;
  readonly #say: Say;

  readonly #options: RuleFormOptions;

  constructor(options: RuleFormOptions) {
    this.#options = options;

    this.#rule = options.rule;
    this.#say = options.say;
    this.#draw();
  }

  get #subject(): string {
    return shownText(this.#rule['on'] ?? 'signal');
  }

  #draw(): void {
    this.element
      .empty()
      .append(
        formRow(this.#part('name'), this.#text('name').addClass('tracelife-wide')),
        formRow(this.#part('on'), this.#subjectSelect()),
        ...this.#subjectRows(),
        formRow(this.#part('verdict'), this.#verdictSelect(), this.#severitySelect()),
        formRow(this.#part('reason'), this.#text('reason', 'input.reason').addClass('tracelife-wide')),
        ...(this.#subject === 'loss' ? [] : [formRow(this.#part('except'), this.#exceptions())]),
        formRow(this.#part('until'), this.#text('until', 'input.date').addClass('tracelife-date')),
        ...(this.#subject === 'signal' ? [formRow(this.#part('repeats'), ...this.#repeats())] : []),
        formRow(this.#part('requires'), this.#completeness()),
      );
  }

  #part(key: string): string {
    return this.#say(`part.${key}`);
  }

  #set(key: RuleKey, value: unknown): void {
    this.#rule = withKey(this.#rule, key, value);
    this.#options.changed(this.#rule);
  }

  #text(key: 'name' | 'reason' | 'until', placeholder = ''): JQuery {
    const hint = placeholder === '' ? '' : this.#say(placeholder);
    return textField(shownText(this.#rule[key]), hint, (value) => {
      this.#set(key, value === '' && key !== 'name' ? undefined : value);
    });
  }

  #subjectSelect(): JQuery {
    const choices = ['signal', 'exit', 'zombie', 'loss'].map((on): Choice => [on, this.#say(`input.${on}`)]);
    return select(choices, this.#subject, (on) => {
      const ofSignals: RuleKey[] = [...PATTERNS, 'repeats'];
      const gone: RuleKey[] = ['olderThan', 'atLeast', ...(on === 'signal' ? [] : ofSignals)];
      if (on === 'loss') gone.push('when', 'except');
      for (const key of gone) this.#rule = withKey(this.#rule, key, undefined);
      if (on === 'zombie') this.#rule = withKey(this.#rule, 'olderThan', 30);
      if ((on === 'signal' || on === 'exit') && this.#rule['when'] === undefined)
        this.#rule = withKey(this.#rule, 'when', {});
      this.#set('on', on === 'signal' ? undefined : on);
      this.#draw();
    });
  }

  #subjectRows(): JQuery[] {
    switch (this.#subject) {
      case 'exit':
        return [formRow(this.#part('when'), this.#condition('when', OF_EXITS))];
      case 'zombie':
        return [
          formRow(this.#part('when'), this.#condition('when', OF_ZOMBIES)),
          formRow(this.#part('olderThan'), this.#amount('olderThan'), word(this.#say('input.seconds'))),
        ];
      case 'loss':
        return [formRow(this.#part('atLeast'), this.#amount('atLeast'), word(this.#say('input.events')))];
      default:
        return [
          formRow(this.#part('when'), this.#condition('when', OF_SIGNALS)),
          formRow(this.#part('pattern'), this.#patternSelect(), this.#patternFields()),
        ];
    }
  }

  #condition(key: 'when', fields: readonly FieldName[]): JQuery {
    const { say, editAsJson } = this.#options;
    return conditionEditor({
      say,
      written: this.#rule[key],
      fields,
      editAsJson,
      changed: (written) => {
        this.#set(key, written);
      },
    });
  }

  #amount(key: 'olderThan' | 'atLeast'): JQuery {
    return textField(shownText(this.#rule[key]), key === 'atLeast' ? '1' : '', (value) => {
      this.#set(key, value === '' ? undefined : numberOrText(value));
    }).addClass('tracelife-number');
  }

  get #pattern(): string {
    const kind = PATTERNS.find((key) => this.#rule[key] !== undefined);
    if (kind !== 'without') return kind ?? 'none';
    const { stage } = this.#patternOf('without');
    return stage === undefined ? 'signal' : shownText(stage);
  }

  #patternOf(key: (typeof PATTERNS)[number]): JsonObject {
    const written = this.#rule[key];
    return isObject(written) ? written : {};
  }

  #patternSelect(): JQuery {
    const names = ['none', 'after', ...AWAITED_STAGES, 'signal', 'times'];
    const choices = names.map((name): Choice => [name, this.#say(`pattern.${name}`)]);
    return select(choices, this.#pattern, (name) => {
      const before = this.#rule;
      for (const key of PATTERNS) this.#rule = withKey(this.#rule, key, undefined);
      const within = PATTERNS.map((key) => before[key]).find(isObject)?.['within'] ?? 10;
      if (name === 'none') this.#options.changed(this.#rule);
      else if (name === 'after') this.#set('after', { when: { signal: 'SIGTERM' }, within });
      else if (name === 'times') this.#set('times', { atLeast: 100, within });
      else if (name === 'signal') this.#set('without', { when: { signal: 'SIGCONT' }, within });
      else this.#set('without', { stage: name, within });
      this.#draw();
    }).addClass('tracelife-wide');
  }

  #patternFields(): JQuery {
    const key = PATTERNS.find((each) => this.#rule[each] !== undefined);
    const fields = div('tracelife-pattern');
    if (key === undefined) return fields;
    const { say, editAsJson } = this.#options;
    const change = (name: string, value: unknown): void => {
      this.#set(key, changedKey(this.#patternOf(key), name, value));
    };
    const number = (name: string): JQuery =>
      textField(shownText(this.#patternOf(key)[name]), '', (value) => {
        change(name, numberOrText(value));
      }).addClass('tracelife-number');
    if (key === 'times') fields.append(number('atLeast'), word(say('input.times')));
    fields.append(word(say('input.within')), number('within'), word(say('input.seconds')));
    if (key === 'times') {
      const per = this.#fieldNames(this.#patternOf(key)['per'], 'target.id', (names) => {
        change('per', names);
      });
      return fields.append(div('tracelife-line').append(word(say('input.per')), per));
    }
    if (this.#pattern === 'after' || this.#pattern === 'signal') {
      const changed = (written: JsonObject): void => {
        change('when', written);
      };
      const { when } = this.#patternOf(key);
      fields.append(conditionEditor({ say, written: when, fields: FIELD_NAMES, changed, editAsJson }));
    }
    return fields;
  }

  #verdictSelect(): JQuery {
    const verdicts = Object.keys(USUAL_SEVERITY) as VerdictName[];
    const choices = verdicts.map((verdict): Choice => [verdict, this.#say(`verdict.${verdict}`)]);
    return select(choices, shownText(this.#rule['verdict']), (verdict) => {
      this.#set('verdict', verdict);
      this.#draw();
    });
  }

  #severitySelect(): JQuery {
    const usual = USUAL_SEVERITY[this.#rule['verdict'] as VerdictName] as string | undefined;
    const severity = usual === undefined ? '' : this.#say(`severity.${usual}`);
    const choices: Choice[] = [
      ['', this.#say('severity.usual', { severity })],
      ...SEVERITIES.map((each): Choice => [each, this.#say(`severity.${each}`)]),
    ];
    return select(choices, shownText(this.#rule['severity']), (chosen) => {
      this.#set('severity', chosen === '' ? undefined : chosen);
    });
  }

  #exceptions(): JQuery {
    const { say, editAsJson } = this.#options;
    return exceptionEditor({
      say,
      written: this.#rule['except'],
      ofSignals: this.#subject === 'signal',
      editAsJson,
      changed: (except) => {
        this.#set('except', except);
      },
    });
  }

  #repeats(): JQuery[] {
    const repeats = (): JsonObject => (isObject(this.#rule['repeats']) ? this.#rule['repeats'] : {});
    const change = (key: 'by' | 'every', value: unknown): void => {
      const now = changedKey(repeats(), key, value);
      this.#set('repeats', Object.keys(now).length === 0 ? undefined : now);
    };
    const every = textField(shownText(repeats()['every']), '60', (value) => {
      change('every', value === '' ? undefined : numberOrText(value));
    });
    const by = this.#fieldNames(repeats()['by'], this.#say('input.usualRepeats'), (names) => {
      change('by', names);
    });
    return [
      word(this.#say('input.every')),
      every.addClass('tracelife-number'),
      word(this.#say('input.seconds')),
      div('tracelife-line').append(word(this.#say('input.by')), by),
    ];
  }

  /** One name is written as such, several as a list. */
  #fieldNames(written: unknown, hint: string, changed: (names: unknown) => void): JQuery {
    const names: unknown[] = Array.isArray(written) ? written : written === undefined ? [] : [written];
    const field = textField(joinValues(names.map(shownText)), hint, (text) => {
      changed(text.trim() === '' ? undefined : splitValues(text));
    });
    return completeFrom(field.addClass('tracelife-wide'), FIELD_NAMES);
  }

  #completeness(): JQuery {
    const box = $('<input type="checkbox">').prop('checked', this.#rule['requires'] === 'complete');
    box.on('change', () => {
      this.#set('requires', box.prop('checked') === true ? 'complete' : undefined);
    });
    return $('<label class="tracelife-check">').append(box, word(this.#say('input.complete')));
  }
}

function changedKey(written: JsonObject, key: string, value: unknown): JsonObject {
  return value === undefined
    ? Object.fromEntries(Object.entries(written).filter(([name]) => name !== key))
    : { ...written, [key]: value };
}
