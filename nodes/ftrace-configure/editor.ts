/** The editor's half of ftrace-configure. */
import { readSelectors } from '../../src/watch/selector';

interface ConfigureNode {
  readonly events: string;
  readonly senderHistory?: boolean;
  readonly mode?: string;
  readonly watchBufferKb?: number;
  _(key: string, values?: Record<string, unknown>): string;
}

interface Finding {
  readonly subject: string;
  readonly level: 'ok' | 'limit' | 'missing';
  readonly found: string;
  readonly fix: string | null;
}

interface Preflight {
  readonly canTrace: boolean;
  readonly kernel: string;
  readonly findings: readonly Finding[];
}

const EVENT_NAME = /^([\w-]+:)?[\w*?-]+$/;

/** While the dialog is open, what it shows; else what is saved. */
function chosenEvents(node: ConfigureNode, opt: unknown): unknown {
  const field = $('#node-input-events');
  return opt === undefined || field.length === 0 ? node.events : field.val();
}

function checkEventList(node: ConfigureNode, value: string, opt: unknown): true | string {
  if (chosenEvents(node, opt) !== 'list') return true;
  const names = value.split(/[\s,]+/).filter((name) => name !== '');
  if (names.length === 0) return node._('ftrace-configure.invalid.noEvents');
  const wrong = names.find((name) => !EVENT_NAME.test(name));
  return wrong === undefined ? true : node._('ftrace-configure.invalid.event', { name: wrong });
}

function checkBuffer(node: ConfigureNode, value: unknown): true | string {
  const kibibytes = Number(value);
  const isValid = Number.isInteger(kibibytes) && kibibytes >= 4 && kibibytes <= 1_048_576;
  return isValid ? true : node._('ftrace-configure.invalid.buffer');
}

/** By the reader that a deploy uses, in its words. Nodes of an older version have no such setting. */
function checkSelectors(value: string | undefined): true | string {
  try {
    readSelectors(value ?? '', '');
    return true;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkWatchBuffer(node: ConfigureNode, value: unknown): true | string {
  return value === undefined ? true : checkBuffer(node, value);
}

/** Nodes of an older version have no such setting. */
function checkPids(node: ConfigureNode, value: string | undefined): true | string {
  const pids = (value ?? '').split(/[\s,]+/).filter((pid) => pid !== '');
  const wrong = pids.find((pid) => !/^[1-9]\d{0,6}$/.test(pid));
  return wrong === undefined ? true : node._('ftrace-configure.invalid.pid', { pid: wrong });
}

function showWhen(row: string, field: string, value: string): void {
  const toggle = (): void => {
    $(row).toggle($(field).val() === value);
  };
  $(field).on('change', toggle);
  toggle();
}

/** Shows below the form what the machine that Node-RED runs on allows. */
function showPreflight(node: ConfigureNode): void {
  const tips = $('#tracelife-preflight');
  void $.getJSON('tracelife/preflight', (found: Preflight) => {
    const missing = found.findings.filter(({ level }) => level !== 'ok');
    const summary = node._(`ftrace-configure.preflight.${found.canTrace ? 'can' : 'cannot'}`, {
      kernel: found.kernel,
    });
    const list = $('<ul>').css('margin', '6px 0 0 18px');
    for (const { subject, found: what, fix } of missing) {
      const line = $('<li>').text(`${subject}: ${what}`).appendTo(list);
      if (fix !== null) line.append('<br>', $('<code>').css('white-space', 'pre-wrap').text(fix));
    }
    tips
      .empty()
      .append($('<span>').text(summary), missing.length > 0 ? list : '')
      .show();
  });
}

function prepare(node: ConfigureNode): void {
  // Nodes of an older version run a command, or attach.
  if (node.mode === undefined) $('#node-input-mode').val('session');
  if (node.watchBufferKb === undefined) $('#node-input-watchBufferKb').val(4096);
  showWhen('#tracelife-mode-session', '#node-input-mode', 'session');
  showWhen('#tracelife-mode-watch', '#node-input-mode', 'watch');
  showWhen('#tracelife-row-eventList', '#node-input-events', 'list');
  showWhen('#tracelife-row-replayPath', '#node-input-whenImpossible', 'replay');
  // Nodes of an older version have no such setting, and what they have none of is on.
  if (node.senderHistory === undefined) $('#node-input-senderHistory').prop('checked', true);
  showPreflight(node);
}

const editors = window as unknown as { TraceLife?: Record<string, unknown> };
editors.TraceLife = {
  ...editors.TraceLife,
  ftraceConfigure: { prepare, checkEventList, checkBuffer, checkWatchBuffer, checkPids, checkSelectors },
};

export {};
