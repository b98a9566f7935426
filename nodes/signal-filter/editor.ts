/** The editor's half of signal-filter: its tabs, and what makes its settings wrong. */
import type { Say } from '../../src/rule-language';
import { prepareDryRun } from './editor/dry-run';
import { prepareLearning } from './editor/learning';
import { RuleList } from './editor/rule-list';
import { widgets } from './editor/widgets';
import { refusalOfRules } from './editor/refusal';

interface FilterNode {
  readonly id: string;
  rules: string;
  settingsVersion: number;
  form?: string;
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
}

const TABS = ['rules', 'alerts', 'try', 'learn'];
/** 2: `learn` and `form` came; the rules are written as before. */
const SETTINGS_VERSION = 2;

let ruleList: RuleList | null = null;

/** Says what a deploy would say, with the place. */
function checkRules(node: FilterNode, value: unknown): true | string {
  let rules = value;
  if (typeof value === 'string') {
    if (value.trim() === '') return true;
    try {
      rules = JSON.parse(value);
    } catch (error) {
      return node._('signal-filter.invalid.json', { why: error instanceof Error ? error.message : '' });
    }
  }
  const say: Say = (key, values) => node._(`signal-filter.${key}`, values);
  return refusalOfRules(rules ?? [], say) ?? true;
}

function checkInterval(node: FilterNode, value: unknown): true | string {
  return Number(value) >= 0 ? true : node._('signal-filter.invalid.interval');
}

function prepareTabs(say: Say): void {
  const tabs = widgets.tabs.create({
    id: 'tracelife-tabs',
    onchange: ({ id }) => {
      $('#tracelife-tabs-content').children().hide();
      $(`#${id}`).show();
      RED.tray.resize();
    },
  });
  for (const name of TABS) tabs.addTab({ id: `tracelife-tab-${name}`, label: say(`tab.${name}`) });
  tabs.activateTab('tracelife-tab-rules');
}

/** Rules of an older node, or of one that was put together by hand, may be a list and no text. */
function textOfRules(rules: unknown): string {
  return typeof rules === 'string' ? rules : rules === undefined ? '' : JSON.stringify(rules, null, 2);
}

function prepare(node: FilterNode): void {
  const say: Say = (key, values) => node._(`signal-filter.${key}`, values);
  // Nodes of version 1 have no such setting.
  if (node.form === undefined) $('#node-input-form').val('alert');
  const list = new RuleList(say, textOfRules(node.rules));
  ruleList = list;
  prepareDryRun(say, () => list.written());
  prepareLearning(node.id, say, (rules) => {
    list.addOnTop(rules);
  });
  prepareTabs(say);
}

function cancel(): void {
  ruleList?.close();
  ruleList = null;
}

function save(node: FilterNode): void {
  if (ruleList !== null) {
    const text = ruleList.text();
    if (text !== textOfRules(node.rules)) node.rules = text;
    node.settingsVersion = SETTINGS_VERSION;
  }
  cancel();
}

/** What is open takes what the name and the tabs leave. */
function resize(_node: FilterNode, size: { height: number }): void {
  const form = $('#dialog-form').offset()?.top ?? 0;
  const content = $('#tracelife-tabs-content').offset()?.top ?? 0;
  const height = Math.max(200, size.height - (content - form));
  $('#tracelife-tabs-content').css('height', `${height}px`);
  ruleList?.resize(height);
}

const editors = window as unknown as { TraceLife?: Record<string, unknown> };
editors.TraceLife = {
  ...editors.TraceLife,
  signalFilter: { prepare, save, cancel, resize, checkRules, checkInterval },
};
