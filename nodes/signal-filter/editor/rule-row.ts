/** One rule in the list: in words with its switch and the colour of its severity; opened, its form or its JSON. */
import {
  USUAL_SEVERITY,
  isObject,
  readRule,
  ruleWords,
  type Rule,
  type Say,
} from '../../../src/rule-language';
import { RuleForm } from './rule-form';
import { div, icon, shownText, smallButton, type CodeEditor } from './widgets';
import { withKey } from './rules-text';

const JSON_EDITOR = 'tracelife-rule-json';

export interface RuleRowOptions {
  readonly say: Say;
  readonly written: unknown;
  /** The rule changed, or what is written of it. */
  readonly changed: () => void;
  /** Only one is open at a time. */
  readonly opens: (row: RuleRow) => void;
}

export class RuleRow {
  readonly element = div('tracelife-rule');
  written: unknown;
  readonly #say: Say;
  readonly #name = div('tracelife-rule-name');
  readonly #words = div('tracelife-rule-words');
  readonly #wrong = div('tracelife-rule-wrong');
  readonly #warning = div('tracelife-rule-warning');
  readonly #body = div('tracelife-rule-body').hide();
  readonly #power = $('<a href="#" class="tracelife-rule-switch">');
  readonly #caret = icon('angle-right').addClass('tracelife-rule-caret');
  #codeEditor: CodeEditor | null = null;

  readonly #options: RuleRowOptions;

  constructor(options: RuleRowOptions) {
    this.#options = options;

    this.#say = options.say;
    this.written = options.written;
    const text = div('tracelife-rule-text').append(this.#name, this.#words, this.#wrong, this.#warning);
    const head = div('tracelife-rule-head').attr('title', this.#say('rule.open'));
    head.append(this.#power, text, this.#caret).appendTo(this.element);
    this.#body.appendTo(this.element);
    head.on('click', () => {
      if (this.isOpen) this.close();
      else this.open();
    });
    this.#power.on('click', (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#toggle();
    });
  }

  get isOpen(): boolean {
    return this.#caret.hasClass('fa-angle-down');
  }

  open(): void {
    this.#options.opens(this);
    this.#caret.removeClass('fa-angle-right').addClass('fa-angle-down');
    this.element.addClass('tracelife-open');
    if (isObject(this.written)) this.#showForm();
    else this.#showJson();
    this.#body.show();
    this.element[0]?.scrollIntoView({ block: 'nearest' });
  }

  close(): void {
    this.#closeJson();
    this.#caret.removeClass('fa-angle-down').addClass('fa-angle-right');
    this.element.removeClass('tracelife-open');
    this.#body.hide().empty();
  }

  /**
   * @param refusal what is wrong with it, with its place in the list
   * @param warning why it can have no effect
   */
  show(refusal: string | null, warning: string | null): void {
    const rule = this.#read();
    const { name, enabled } = isObject(this.written) ? this.written : {};
    const isOff = enabled === false;
    this.element.toggleClass('tracelife-off', isOff).toggleClass('tracelife-wrong', refusal !== null);
    this.element.attr('data-severity', rule === null ? 'none' : severityOf(rule));
    this.#name.text(shownText(name) || this.#say('rule.unnamed'));
    this.#words.text(rule === null ? '' : ruleWords(rule, this.#say)).toggle(rule !== null);
    this.#wrong.text(refusal ?? '').toggle(refusal !== null);
    this.#warning.text(warning ?? '').toggle(warning !== null);
    this.#power
      .empty()
      .append(icon(isOff ? 'toggle-off' : 'toggle-on'))
      .attr('title', this.#say(isOff ? 'rule.off' : 'rule.on'));
  }

  /** Null where it is no rule: then there are no words for it. */
  #read(): Rule | null {
    try {
      return readRule(this.written, 'rule');
    } catch {
      return null;
    }
  }

  #toggle(): void {
    if (!isObject(this.written)) return;
    // On is the default, and is not written.
    const enabled = this.written['enabled'] === false ? undefined : false;
    this.written = withKey(this.written, 'enabled', enabled);
    this.#options.changed();
    if (this.isOpen) this.open();
  }

  #showForm(): void {
    this.#closeJson();
    const rule = isObject(this.written) ? this.written : {};
    const editAsJson = (): void => {
      this.#showJson();
    };
    const form = new RuleForm({
      say: this.#say,
      rule,
      editAsJson,
      changed: (changed) => {
        this.written = changed;
        this.#options.changed();
      },
    });
    const asJson = smallButton('code', this.#say('rule.asJson'), editAsJson).addClass('tracelife-as-json');
    this.#body.empty().append(form.element, asJson);
  }

  #showJson(): void {
    this.#closeJson();
    const place = $('<div class="node-text-editor">').attr('id', JSON_EDITOR);
    const asForm = smallButton('list-alt', this.#say('rule.asForm'), () => {
      if (isObject(this.written)) this.#showForm();
    }).addClass('tracelife-as-form');
    this.#body.empty().append(place, asForm);
    const value = JSON.stringify(this.written, null, 2);
    const editor = RED.editor.createEditor({
      id: JSON_EDITOR,
      mode: 'ace/mode/json',
      value,
    }) as unknown as CodeEditor;
    this.#codeEditor = editor;
    editor.getSession().on('change', () => {
      this.#readJson(editor.getValue());
    });
  }

  /** What is not JSON yet is reported, and the rule stays as it was. */
  #readJson(text: string): void {
    try {
      this.written = JSON.parse(text) as unknown;
    } catch (error) {
      this.#wrong.text(error instanceof Error ? error.message : '').show();
      this.element.addClass('tracelife-wrong');
      return;
    }
    this.#options.changed();
  }

  #closeJson(): void {
    this.#codeEditor?.destroy();
    this.#codeEditor = null;
  }
}

/** What is expected is good, whatever it weighs. */
function severityOf(rule: Rule): string {
  return rule.verdict === 'expected' && rule.severity === USUAL_SEVERITY.expected
    ? 'expected'
    : rule.severity;
}
