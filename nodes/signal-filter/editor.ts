/** The editor's half of signal-filter. */

interface FilterNode {
  rules: string;
  _(key: string, values?: Record<string, unknown>): string;
}

/** What both of Node-RED's code editors (ace and monaco) have. */
interface CodeEditor {
  getValue(): string;
  destroy(): void;
  resize(): void;
}

let codeEditor: CodeEditor | null = null;

const VERDICTS = ['expected', 'unexpected', 'attention', 'unknown'];

/** Says what is wrong with the list's shape; the conditions are read, and refused with their place, when deployed. */
function checkRules(node: FilterNode, value: string): true | string {
  const text = value.trim();
  if (text === '') return true;
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch (error) {
    return node._('signal-filter.invalid.json', { why: error instanceof Error ? error.message : '' });
  }
  if (!Array.isArray(rules)) return node._('signal-filter.invalid.list');
  for (const [index, rule] of (rules as unknown[]).entries()) {
    const { name, when, verdict } = (rule ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || name === '') return node._('signal-filter.invalid.name', { index });
    if (typeof when !== 'object' || when === null) return node._('signal-filter.invalid.when', { name });
    if (!VERDICTS.includes(String(verdict))) {
      return node._('signal-filter.invalid.verdict', { name, verdicts: VERDICTS.join(', ') });
    }
  }
  return true;
}

function checkInterval(node: FilterNode, value: unknown): true | string {
  return Number(value) >= 0 ? true : node._('signal-filter.invalid.interval');
}

function prepare(node: FilterNode): void {
  codeEditor = RED.editor.createEditor({
    id: 'tracelife-rules',
    mode: 'ace/mode/json',
    value: node.rules,
  });
}

function cancel(): void {
  codeEditor?.destroy();
  codeEditor = null;
}

function save(node: FilterNode): void {
  if (codeEditor !== null) node.rules = codeEditor.getValue();
  cancel();
}

/** The list of rules takes what the other rows leave. */
function resize(_node: FilterNode, size: { height: number }): void {
  let height = size.height;
  for (const row of $('#dialog-form > div:not(.node-text-editor-row)').toArray())
    height -= $(row).outerHeight(true) ?? 0;
  $('#tracelife-rules').css('height', `${Math.max(150, height - 20)}px`);
  codeEditor?.resize();
}

const editors = window as unknown as { TraceLife?: Record<string, unknown> };
editors.TraceLife = {
  ...editors.TraceLife,
  signalFilter: { prepare, save, cancel, resize, checkRules, checkInterval },
};

export {};
