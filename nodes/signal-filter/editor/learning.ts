/** The tab of learning: what the deployed node proposes, to be accepted rule by rule. */
import { isObject, readRule, ruleWords, type Say } from '../../../src/rule-language';
import { div, shownText, smallButton } from './widgets';
import { refusalOf } from './refusal';

interface Proposal {
  readonly rules: readonly unknown[];
  readonly runs?: number;
  readonly seen?: number;
  readonly leftOut?: number;
}

/** @param accept puts rules on top of the list */
export function prepareLearning(node: string, say: Say, accept: (rules: readonly unknown[]) => void): void {
  const answer = $('#tracelife-learn-answer');
  const look = smallButton('refresh', say('learn.fetch'), () => {
    ask();
  }).attr('id', 'tracelife-learn-look');
  $('#tracelife-learn-form').empty().append(look);

  const ask = (): void => {
    void $.getJSON(`tracelife/signal-filter/${encodeURIComponent(node)}/proposal`)
      .done((found: Proposal) => {
        show(found);
      })
      .fail((request: JQuery.jqXHR) => {
        const why =
          request.status === 404 ? say('learn.notDeployed') : say('try.noAnswer', { status: request.status });
        answer.empty().append($('<div>').text(why));
      });
  };

  const show = ({ rules, runs, seen, leftOut = 0 }: Proposal): void => {
    answer.empty();
    if (rules.length === 0) {
      answer.append($('<div>').text(say('learn.nothing')));
      return;
    }
    if (runs !== undefined) {
      const summary = seen === undefined ? say('learn.runs', { runs }) : say('learn.seen', { seen, runs });
      answer.append(div('tracelife-try-summary').text(summary));
    }
    if (leftOut > 0) answer.append(div('tracelife-try-doubt').text(say('learn.leftOut', { count: leftOut })));
    const boxes = rules.map((rule) => proposed(rule, say));
    const button = smallButton('check', say('learn.accept'), () => {
      const accepted = rules.filter((_, index) => boxes[index]!.box.prop('checked') === true);
      accept(accepted);
      const text = say('learn.accepted', { count: accepted.length });
      answer.empty().append($('<div id="tracelife-learn-accepted">').text(text));
    }).attr('id', 'tracelife-learn-accept');
    answer.append(...boxes.map(({ row }) => row), button);
  };
}

function proposed(rule: unknown, say: Say): { readonly box: JQuery; readonly row: JQuery } {
  const box = $('<input type="checkbox">').prop('checked', true);
  let words: string;
  try {
    words = ruleWords(readRule(rule, 'rule'), say);
  } catch (error) {
    words = refusalOf(error, say);
    box.prop('checked', false);
  }
  const { name, reason } = isObject(rule) ? rule : {};
  const text = div('tracelife-rule-text').append(
    div('tracelife-rule-name').text(shownText(name)),
    div('tracelife-rule-words').text(words),
    $('<small>').text(shownText(reason)),
  );
  return { box, row: $('<label class="tracelife-proposed">').append(box, text) };
}
