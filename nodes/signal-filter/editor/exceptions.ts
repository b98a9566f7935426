/** The exceptions of a rule: who may do it, to whom, by which signal; why, and until when. */
import { FIELD_NAMES, isObject, type JsonObject, type Say } from '../../../src/rule-language';
import { conditionEditor } from './conditions';
import { div, icon, shownText, smallButton, textField, word } from './widgets';

const OF_SIGNALS = FIELD_NAMES.filter((name) => name === 'signal' || /^(sender|target)\./.test(name));
const OF_TARGETS = OF_SIGNALS.filter((name) => name.startsWith('target.') && name !== 'target.tid');

export interface ExceptionOptions {
  readonly say: Say;
  readonly written: unknown;
  /** Else they know the target only. */
  readonly ofSignals: boolean;
  readonly changed: (written: readonly unknown[] | undefined) => void;
  readonly editAsJson: () => void;
}

export function exceptionEditor(options: ExceptionOptions): JQuery {
  const { say, written, ofSignals, changed, editAsJson } = options;
  const list = div('tracelife-exceptions');
  let exceptions: unknown[] = Array.isArray(written) ? [...(written as unknown[])] : [];
  const tell = (): void => {
    changed(exceptions.length === 0 ? undefined : exceptions);
  };
  const fields = ofSignals ? OF_SIGNALS : OF_TARGETS;

  const card = (index: number): JQuery => {
    const given = exceptions[index];
    const { reason, until, ...who } = isObject(given) ? given : {};
    const change = (changes: JsonObject): void => {
      const now = exceptions[index];
      const next = { ...(isObject(now) ? now : {}), ...changes };
      exceptions[index] = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
      tell();
    };
    const condition = conditionEditor({
      say,
      written: who,
      fields,
      isPlain: true,
      editAsJson,
      changed: (conditions) => {
        change({ sender: undefined, target: undefined, signal: undefined, ...conditions });
      },
    });
    const why = textField(shownText(reason), say('input.because'), (text) => {
      change({ reason: text });
    });
    const end = textField(shownText(until), say('input.date'), (text) => {
      change({ until: text === '' ? undefined : text });
    });
    const remove = $('<a href="#" class="red-ui-button red-ui-button-small tracelife-remove">')
      .append(icon('remove'))
      .attr('title', say('input.remove'))
      .on('click', (event) => {
        event.preventDefault();
        exceptions = exceptions.filter((_, other) => other !== index);
        tell();
        draw();
      });
    return div('tracelife-exception').append(
      condition,
      div('tracelife-line').append(
        why.addClass('tracelife-wide'),
        word(say('part.until')),
        end.addClass('tracelife-date'),
        remove,
      ),
    );
  };

  const draw = (): void => {
    list.empty().append(...[...exceptions.keys()].map(card));
    list.append(
      smallButton('plus', say('input.addException'), () => {
        exceptions.push(
          ofSignals ? { sender: { comm: '' }, reason: '' } : { target: { comm: '' }, reason: '' },
        );
        tell();
        draw();
      }).addClass('tracelife-add-exception'),
    );
  };
  draw();
  return list;
}
