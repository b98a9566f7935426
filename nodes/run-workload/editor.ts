/** The editor's half of run-workload. */

interface EnvironmentRow {
  readonly name: string;
  readonly value: string;
}

interface WorkloadNode {
  command: string;
  commandType: string;
  args: string[];
  env: EnvironmentRow[];
  killSignal: string;
  _(key: string, values?: Record<string, unknown>): string;
}

/** The ones that people send; a message can ask for any other by `msg.kill`. */
const SIGNALS = [
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGABRT',
  'SIGSEGV',
  'SIGSTOP',
  'SIGUSR1',
  'SIGUSR2',
];
const USER = /^([a-z_][\w.-]*\$?|\d+(:\d+)?)$/i;

function checkCommand(node: WorkloadNode, value: unknown): true | string {
  return typeof value === 'string' && value !== '' ? true : node._('run-workload.invalid.command');
}

function checkEnvironment(node: WorkloadNode, value: unknown): true | string {
  const rows = Array.isArray(value) ? (value as EnvironmentRow[]) : [];
  const wrong = rows.find(({ name }) => name === '' || name.includes('='));
  return wrong === undefined ? true : node._('run-workload.invalid.env', { name: wrong.name });
}

function checkUser(node: WorkloadNode, user: string): true | string {
  return user === '' || USER.test(user) ? true : node._('run-workload.invalid.user');
}

function checkSeconds(node: WorkloadNode, value: unknown): true | string {
  if (value === '' || value === undefined || value === null) return true;
  const seconds = Number(value);
  return seconds >= 0 && seconds <= 2_000_000 ? true : node._('run-workload.invalid.seconds');
}

/** `sleep 60`, as on the node in the workspace. */
function commandLabel(node: WorkloadNode): string {
  if (node.command === '') return '';
  const command =
    node.commandType === 'str'
      ? (node.command.split('/').at(-1) ?? '')
      : `${node.commandType}.${node.command}`;
  const line = [command, ...node.args].join(' ');
  return line.length > 30 ? `${line.slice(0, 29)}…` : line;
}

function textField(value: string, placeholder: string): JQuery {
  return $('<input type="text">')
    .css({ width: '100%', margin: '0' })
    .attr('placeholder', placeholder)
    .val(value);
}

function prepareArguments(node: WorkloadNode): void {
  const list = $('#tracelife-args').css({ 'min-height': '80px', 'min-width': '200px' });
  list.editableList<{ value?: string }>({
    addItem(row, _index, { value = '' }) {
      textField(value, node._('run-workload.placeholder.arg')).addClass('tracelife-arg').appendTo(row);
    },
    removable: true,
    sortable: true,
    height: 'auto',
  });
  for (const value of node.args) list.editableList('addItem', { value });
}

function prepareEnvironment(node: WorkloadNode): void {
  const list = $('#tracelife-env').css({ 'min-height': '60px', 'min-width': '200px' });
  list.editableList<Partial<EnvironmentRow>>({
    addItem(row, _index, { name = '', value = '' }) {
      const cells = $('<div>').css({ display: 'flex', gap: '6px' }).appendTo(row);
      textField(name, node._('run-workload.placeholder.envName'))
        .addClass('tracelife-env-name')
        .appendTo(cells);
      textField(value, node._('run-workload.placeholder.envValue'))
        .addClass('tracelife-env-value')
        .appendTo(cells);
    },
    removable: true,
    sortable: true,
    height: 'auto',
  });
  for (const row of node.env) list.editableList('addItem', row);
}

function prepareKill(node: WorkloadNode): void {
  const select = $('#node-input-killSignal');
  $('<option>').val('').text(node._('run-workload.kill.none')).appendTo(select);
  const known =
    SIGNALS.includes(node.killSignal) || node.killSignal === '' ? SIGNALS : [...SIGNALS, node.killSignal];
  for (const signal of known) $('<option>').val(signal).text(signal).appendTo(select);
  const toggle = (): void => {
    $('#tracelife-killAfter').toggle(select.val() !== '');
  };
  select.val(node.killSignal).on('change', toggle);
  toggle();
}

function prepare(node: WorkloadNode): void {
  $('#node-input-command').typedInput({
    default: 'str',
    types: ['str', 'msg', 'env'],
    typeField: '#node-input-commandType',
  });
  prepareArguments(node);
  prepareEnvironment(node);
  prepareKill(node);
}

function textOf(field: JQuery): string {
  return String(field.val() ?? '');
}

function save(node: WorkloadNode): void {
  node.args = $('#tracelife-args')
    .editableList('items')
    .toArray()
    .map((row) => textOf($(row).find('.tracelife-arg')))
    .filter((value) => value !== '');
  node.env = $('#tracelife-env')
    .editableList('items')
    .toArray()
    .map((row) => ({
      name: textOf($(row).find('.tracelife-env-name')),
      value: textOf($(row).find('.tracelife-env-value')),
    }))
    .filter(({ name, value }) => name !== '' || value !== '');
}

const editors = window as unknown as { TraceLife?: Record<string, unknown> };
editors.TraceLife = {
  ...editors.TraceLife,
  runWorkload: { prepare, save, commandLabel, checkCommand, checkEnvironment, checkUser, checkSeconds },
};

export {};
