/** The editor's widgets and small fields that the dialog of signal-filter is made of. */
import type { Say } from '../../../src/rule-language';
import { lastValue } from './value-list';

/** What both of Node-RED's code editors (ace and monaco) have. */
export interface CodeEditor {
  getValue(): string;
  destroy(): void;
  resize(): void;
  getSession(): { on(event: 'change', changed: () => void): void };
}

interface Menu {
  show(at: { target: JQuery; align?: 'left' | 'right' }): void;
}

interface Tabs {
  addTab(tab: { id: string; label: string; iconClass?: string }): void;
  activateTab(id: string): void;
}

/** What @types/node-red__editor-client does not have, or has otherwise. */
interface Widgets {
  readonly popover: {
    menu(options: {
      options: { label: string; onselect: () => void }[];
      disposeOnClose?: boolean;
      maxHeight?: number;
      width?: number;
    }): Menu;
    tooltip(target: JQuery, text: string): unknown;
  };
  readonly tabs: { create(options: { id: string; onchange: (tab: { id: string }) => void }): Tabs };
}

export const widgets = RED as unknown as Widgets;

export type Choice = readonly [value: string, label: string];

export function div(name: string): JQuery {
  return $('<div>').addClass(name);
}

/** A labelled row of the form; the content may be any number of fields. */
export function formRow(label: string, ...content: JQuery[]): JQuery {
  return div('tracelife-row').append(
    $('<label>').text(label),
    div('tracelife-row-content').append(...content),
  );
}

export function word(text: string): JQuery {
  return $('<span class="tracelife-word">').text(text);
}

export function icon(name: string): JQuery {
  return $('<i>').addClass(`fa fa-${name}`);
}

export function smallButton(iconName: string, label: string, press: () => void): JQuery {
  return $('<button type="button" class="red-ui-button red-ui-button-small">')
    .append(icon(iconName), label === '' ? '' : $('<span>').text(` ${label}`))
    .on('click', (event) => {
      event.preventDefault();
      press();
    });
}

export function select(choices: readonly Choice[], value: string, chosen: (value: string) => void): JQuery {
  const field = $('<select>');
  for (const [each, label] of choices) $('<option>').val(each).text(label).appendTo(field);
  // What is written and none of the choices stays: the reader says what is wrong with it.
  if (!choices.some(([each]) => each === value)) $('<option>').val(value).text(value).appendTo(field);
  return field.val(value).on('change', () => {
    chosen(textOf(field));
  });
}

export function textField(value: string, placeholder: string, written: (value: string) => void): JQuery {
  const field = $('<input type="text">').attr('placeholder', placeholder).val(value);
  let last = value;
  // Completion by the keyboard sets the field without an event of its own.
  return field.on('input change keyup blur', () => {
    const now = textOf(field);
    if (now === last) return;
    last = now;
    written(now);
  });
}

/** Completes the value that is being written at the end of a list of them. */
export function completeFrom(field: JQuery, values: readonly string[]): JQuery {
  if (values.length === 0) return field;
  const search = (text: string): Completion[] => {
    const { before, last } = lastValue(text);
    const found = values.filter(
      (value) => value.toLowerCase().includes(last.toLowerCase()) && value !== last,
    );
    return found.map((value) => ({ value: before + value, label: value }));
  };
  (field as unknown as { autoComplete(options: unknown): void }).autoComplete({ minLength: 0, search });
  return field;
}

interface Completion {
  readonly value: string;
  readonly label: string;
}

export function textOf(field: JQuery): string {
  return String(field.val() ?? '');
}

/** What a number field says; the text itself where it is none, which the reader refuses with its place. */
export function numberOrText(text: string): unknown {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A written value as a field shows it. */
export function shownText(written: unknown): string {
  if (written === undefined || written === null) return '';
  return typeof written === 'string' ? written : JSON.stringify(written);
}

/** The words of the dialog, and what it does when something changed. */
export interface Dialog {
  readonly say: Say;
}
