/** The tab that tries the rules of the dialog on a recorded trace, before they are deployed. */
import { SEVERITIES, type Say } from '../../../src/rule-language';
import { div, icon, select, smallButton, textField, textOf, type Choice } from './widgets';
import { refusalOf } from './refusal';

interface TriedAlert {
  readonly severity: string;
  readonly rule: string;
  readonly count: number;
  readonly text: string;
}

interface DryRunAnswer {
  readonly alerts: readonly TriedAlert[];
  readonly total: number;
  readonly expected: number;
  readonly byRule: Readonly<Record<string, number>>;
  readonly doubts?: readonly string[];
  readonly unexplained?: number;
  readonly took: number;
}

/** Where the last dialog left it: whoever tries one trace tries it again. */
const last = { source: 'example', path: '' };

/** @param rules gives what the dialog shows. @throws SyntaxError where that is no JSON */
export function prepareDryRun(say: Say, rules: () => unknown): void {
  const answer = $('#tracelife-try-answer');
  const path = textField(last.path, say('try.path'), (value) => {
    last.path = value;
  }).attr('id', 'tracelife-try-path');
  const choices: Choice[] = [
    ['example', say('try.example')],
    ['file', say('try.file')],
  ];
  const source = select(choices, last.source, (value) => {
    last.source = value;
    path.toggle(value === 'file');
  }).attr('id', 'tracelife-try-source');
  path.toggle(last.source === 'file');
  const button = smallButton('play', say('try.button'), () => {
    ask();
  }).attr('id', 'tracelife-try-button');
  $('#tracelife-try-form').empty().append(source, path, button);

  const fail = (why: string): void => {
    answer.empty().append(div('tracelife-rule-wrong').text(why));
  };
  const ask = (): void => {
    const filename = textOf(source) === 'example' ? 'example' : textOf(path);
    let body: string;
    try {
      body = JSON.stringify({ rules: rules(), filename });
    } catch (error) {
      fail(say('invalid.json', { why: refusalOf(error, say) }));
      return;
    }
    button.prop('disabled', true);
    answer.empty().append(icon('spinner fa-spin'), ' ', say('try.running'));
    void $.ajax({
      url: 'tracelife/signal-filter/dry-run',
      method: 'POST',
      contentType: 'application/json',
      data: body,
    })
      .done((found: DryRunAnswer) => {
        answer.empty().append(...answerRows(found, say));
      })
      .fail((request: JQuery.jqXHR) => {
        const { message } = (request.responseJSON ?? {}) as { message?: string };
        fail(message ?? say('try.noAnswer', { status: request.status }));
      })
      .always(() => {
        button.prop('disabled', false);
      });
  };
}

function answerRows(found: DryRunAnswer, say: Say): JQuery[] {
  const { expected, total, alerts, unexplained = 0, doubts = [] } = found;
  // Repeats are one alert; what was judged counts each.
  const judged = Object.values(found.byRule).reduce((sum, count) => sum + count, expected);
  const rows = [
    div('tracelife-try-summary').text(
      say('try.summary', { judged, expected, total, took: found.took.toFixed(2) }),
    ),
  ];
  if (unexplained > 0) rows.push(div('tracelife-try-doubt').text(say('try.unread', { count: unexplained })));
  rows.push(...doubts.map((doubt) => div('tracelife-try-doubt').text(doubt)));
  if (total === 0) return [...rows, div('tracelife-try-none').text(say('try.none'))];
  const byRule = Object.entries(found.byRule).sort(([, one], [, other]) => other - one);
  rows.push(heading(say('try.byRule')), countTable(byRule));
  const shown = alerts.length;
  const cut = shown < total ? ` (${say('try.first', { shown, total })})` : '';
  rows.push(heading(say('try.alerts') + cut), alertTable(alerts, say));
  return rows;
}

function heading(text: string): JQuery {
  return div('tracelife-try-heading').text(text);
}

function countTable(counts: readonly (readonly [string, number])[]): JQuery {
  const table = $('<table class="tracelife-table">');
  for (const [rule, count] of counts) {
    $('<tr>').append($('<td>').text(rule), $('<td class="tracelife-count">').text(count)).appendTo(table);
  }
  return table;
}

function alertTable(alerts: readonly TriedAlert[], say: Say): JQuery {
  const table = $('<table class="tracelife-table" id="tracelife-try-alerts">');
  for (const { severity, text, count, rule } of alerts) {
    const isKnown = SEVERITIES.some((each) => each === severity);
    const badge = $('<span class="tracelife-badge">').attr('data-severity', severity);
    badge.text(isKnown ? say(`severity.${severity}`) : severity);
    $('<tr>')
      .append(
        $('<td>').append(badge),
        $('<td>').text(text).attr('title', rule),
        $('<td class="tracelife-count">').text(count === 1 ? '' : `×${count}`),
      )
      .appendTo(table);
  }
  return table;
}
