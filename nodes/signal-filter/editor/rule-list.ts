/** The tab of the rules: an ordered list of rows, or the whole of it as JSON. */
import { MATCHINGS, PRESETS, isObject, type Say } from '../../../src/rule-language';
import { RuleRow } from './rule-row';
import { widgets, textOf, div, type CodeEditor } from './widgets';
import { freeName } from './free-name';
import { refusalOf, refusalOfRules, refusalsByRule, warningsByRule } from './refusal';
import { readRulesText, rulesText, writtenRules, type RulesText } from './rules-text';

const JSON_EDITOR = 'tracelife-rules-json';

interface RowData {
  written: unknown;
  row?: RuleRow;
}

/** A method that the editor's types do not have. */
interface InsertingList {
  editableList(method: 'insertItemAt', data: RowData, index: number): void;
}

export class RuleList {
  readonly #list = $('#tracelife-rules');
  readonly #match = $('#tracelife-match');
  readonly #views = $('#tracelife-view-list, #tracelife-view-json');
  readonly #empty = $('#tracelife-rules-empty');
  readonly #wrong = $('#tracelife-rules-wrong');
  #around: RulesText['around'] = null;
  #codeEditor: CodeEditor | null = null;

  readonly #say: Say;
  readonly #before: string;

  /** @param before the setting as it was */
  constructor(say: Say, before: string) {
    this.#say = say;
    this.#before = before;

    for (const each of MATCHINGS)
      $('<option>')
        .val(each)
        .text(say(`match.${each}`))
        .appendTo(this.#match);
    this.#build();
    $('#tracelife-view-list').on('click', (event) => {
      event.preventDefault();
      this.#showList();
    });
    $('#tracelife-view-json').on('click', (event) => {
      event.preventDefault();
      this.#showJson(this.text());
    });
    if (!this.#fill(before)) this.#showJson(before);
  }

  /** The setting as it is now: as it was written, where it says the same. */
  text(): string {
    return this.#codeEditor?.getValue() ?? rulesText(this.#content(), this.#before);
  }

  /** What a dry run asks about. @throws SyntaxError where the JSON view has no JSON */
  written(): unknown {
    return this.#codeEditor === null
      ? writtenRules(this.#content())
      : JSON.parse(this.#codeEditor.getValue());
  }

  /** Puts rules before the others, of which the first that matches decides, under names that are free. */
  addOnTop(rules: readonly unknown[]): void {
    if (this.#codeEditor !== null && !this.#showList()) return;
    const names = this.#names();
    rules.forEach((rule, index) => {
      const data: RowData = { written: freeName(rule, names) };
      (this.#list as unknown as InsertingList).editableList('insertItemAt', data, index);
    });
    this.#changed();
  }

  close(): void {
    this.#closeRows();
    this.#codeEditor?.destroy();
    this.#codeEditor = null;
  }

  /** @param height of what is below the tabs */
  resize(height: number): void {
    const rest = (row: string): number => ($(row).is(':visible') ? ($(row).outerHeight(true) ?? 0) : 0);
    const room = Math.max(
      160,
      height -
        rest('#tracelife-rules-bar') -
        rest('#tracelife-rules-wrong') -
        rest('#tracelife-rules-tip') -
        8,
    );
    this.#list.editableList('height', room);
    $(`#${JSON_EDITOR}`).css('height', `${room}px`);
    this.#codeEditor?.resize();
  }

  #build(): void {
    const addPreset = (): void => {
      const presets = PRESETS.map(({ name, rules }) => ({
        label: this.#say(`preset.${name}`),
        onselect: () => {
          for (const rule of rules) this.#add(rule, false);
        },
      }));
      widgets.popover
        .menu({ options: presets, maxHeight: 320, width: 260 })
        .show({ target: $('#tracelife-add-preset') });
    };
    const addRule = (): void => {
      const name = this.#say('rule.newName', { number: this.#list.editableList('length') + 1 });
      this.#add({ name, when: { signal: 'SIGTERM' }, verdict: 'unexpected' }, true);
    };
    const options = {
      addButton: false,
      buttons: [
        { id: 'tracelife-add-rule', icon: 'fa fa-plus', label: this.#say('rule.add'), click: addRule },
        {
          id: 'tracelife-add-preset',
          icon: 'fa fa-magic',
          label: this.#say('rule.preset'),
          click: addPreset,
        },
      ],
      addItem: (place: JQuery, _index: number, data: RowData) => {
        const row = new RuleRow({
          say: this.#say,
          written: data.written,
          changed: () => {
            this.#changed();
          },
          opens: (opened) => {
            this.#closeRows(opened);
          },
        });
        data.row = row;
        place.append(row.element);
      },
      removeItem: () => {
        this.#changed();
      },
      sortItems: () => {
        this.#changed();
      },
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      height: 260,
    };
    this.#list.editableList(options);
  }

  #add(rule: unknown, opens: boolean): void {
    const data: RowData = { written: freeName(rule, this.#names()) };
    this.#list.editableList('addItem', data);
    this.#changed();
    if (opens) data.row?.open();
    data.row?.element[0]?.scrollIntoView({ block: 'nearest' });
  }

  #rows(): RuleRow[] {
    return this.#list
      .editableList('items')
      .toArray()
      .flatMap((item) => ($(item).data('data') as RowData).row ?? []);
  }

  #names(): Set<unknown> {
    return new Set(this.#rows().map(({ written }) => (isObject(written) ? written['name'] : undefined)));
  }

  #content(): RulesText {
    return {
      rules: this.#rows().map(({ written }) => written),
      match: textOf(this.#match) === 'all' ? 'all' : 'first',
      around: this.#around,
    };
  }

  #changed(): void {
    const rows = this.#rows();
    const { rules, match } = this.#content();
    const refusals = refusalsByRule(rules, match, this.#say);
    const warnings = warningsByRule(rules, match, this.#say);
    rows.forEach((row, index) => {
      row.show(refusals.get(index) ?? null, warnings.get(index) ?? null);
    });
    this.#tell(refusals.get(-1) ?? null);
    this.#empty.toggle(rows.length === 0 && this.#codeEditor === null);
  }

  #tell(refusal: string | null): void {
    this.#wrong.text(refusal ?? '').toggle(refusal !== null);
  }

  /** @returns whether the list can show it; what is wrong is shown */
  #fill(text: string): boolean {
    let content: RulesText | null;
    try {
      content = readRulesText(text);
    } catch (error) {
      this.#tell(this.#say('invalid.json', { why: error instanceof Error ? error.message : '' }));
      return false;
    }
    if (content === null) {
      this.#tell(refusalOfRules(JSON.parse(text), this.#say));
      return false;
    }
    this.#closeRows();
    this.#list.editableList('empty');
    this.#around = content.around;
    this.#match.val(content.match);
    for (const written of content.rules) this.#list.editableList('addItem', { written });
    this.#changed();
    return true;
  }

  #showList(): boolean {
    if (this.#codeEditor === null) return true;
    if (!this.#fill(this.#codeEditor.getValue())) return false;
    this.#codeEditor.destroy();
    this.#codeEditor = null;
    this.#select(false);
    this.#changed();
    return true;
  }

  #showJson(text: string): void {
    if (this.#codeEditor !== null) return;
    this.#closeRows();
    this.#select(true);
    const editor = RED.editor.createEditor({
      id: JSON_EDITOR,
      mode: 'ace/mode/json',
      value: text,
    }) as unknown as CodeEditor;
    this.#codeEditor = editor;
    editor.getSession().on('change', () => {
      this.#tellOfText(editor.getValue());
    });
    this.#tellOfText(text);
  }

  #tellOfText(text: string): void {
    try {
      this.#tell(text.trim() === '' ? null : refusalOfRules(JSON.parse(text), this.#say));
    } catch (error) {
      this.#tell(this.#say('invalid.json', { why: refusalOf(error, this.#say) }));
    }
  }

  #select(json: boolean): void {
    this.#views.each((_, each) => {
      $(each).toggleClass('selected', (each.id === 'tracelife-view-json') === json);
    });
    $('#tracelife-rules-list').toggle(!json);
    $('#tracelife-match-row').css('visibility', json ? 'hidden' : 'visible');
    $('#tracelife-json-view').empty().toggle(json);
    if (json) $('#tracelife-json-view').append(div('node-text-editor').attr('id', JSON_EDITOR));
    this.#empty.hide();
    RED.tray.resize();
  }

  #closeRows(but?: RuleRow): void {
    for (const row of this.#rows()) if (row !== but && row.isOpen) row.close();
  }
}
