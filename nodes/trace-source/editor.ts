/** The editor's half of trace-source. */

interface SourceNode {
  readonly source: string;
  readonly speed: string;
  readonly path: string;
  readonly pathType: string;
  _(key: string, values?: Record<string, unknown>): string;
}

/** While the dialog is open, what it shows; else what is saved. */
function chosen(field: string, saved: string, opt: unknown): unknown {
  const element = $(field);
  return opt === undefined || element.length === 0 ? saved : element.val();
}

function checkPath(node: SourceNode, value: unknown, opt: unknown): true | string {
  if (chosen('#node-input-source', node.source, opt) !== 'file') return true;
  return typeof value === 'string' && value !== '' ? true : node._('trace-source.invalid.path');
}

function checkFactor(node: SourceNode, value: unknown, opt: unknown): true | string {
  if (chosen('#node-input-speed', node.speed, opt) !== 'factor') return true;
  return Number(value) > 0 ? true : node._('trace-source.invalid.factor');
}

function sourceLabel(node: SourceNode): string {
  if (node.source === 'example') return node._('trace-source.nodeLabel.example');
  if (node.source !== 'file') return node._('trace-source.nodeLabel.session');
  return node.pathType === 'str' ? (node.path.split('/').at(-1) ?? '') : `${node.pathType}.${node.path}`;
}

function showWhen(row: string, field: string, value: string): void {
  const toggle = (): void => {
    $(row).toggle($(field).val() === value);
  };
  $(field).on('change', toggle);
  toggle();
}

function prepare(): void {
  $('#node-input-path').typedInput({
    default: 'str',
    types: ['str', 'msg', 'env'],
    typeField: '#node-input-pathType',
  });
  showWhen('#tracelife-row-path', '#node-input-source', 'file');
  showWhen('#tracelife-row-factor', '#node-input-speed', 'factor');
}

const editors = window as unknown as { TraceLife?: Record<string, unknown> };
editors.TraceLife = { ...editors.TraceLife, traceSource: { prepare, checkPath, checkFactor, sourceLabel } };

export {};
