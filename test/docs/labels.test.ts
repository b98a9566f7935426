/** Labels of the dialogs that help and documents name, in *italics* or **bold**, are labels that the dialogs have. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeTypes } from '../package/manifest';

/** Headings of paragraphs, and words that are only stressed. */
const NO_LABELS: Readonly<Record<string, readonly string[]>> = {
  'en-US': [
    'Batches',
    'Text lines',
    'Flow control',
    'Acting on an alert',
    'The dialog',
    'Over time',
    'Learning',
  ],
  'zh-CN': ['批次', '文本行', '流量控制', '处理告警', '对话框', '时间条件', '学习'],
};

function textsOf(tree: unknown): string[] {
  if (typeof tree === 'string') return [tree];
  return typeof tree === 'object' && tree !== null ? Object.values(tree).flatMap(textsOf) : [];
}

/** What is emphasised, but for optional properties: `: *topic* (string)`. */
function emphasised(markdown: string): string[] {
  const prose = markdown.replaceAll(/^: .*?\) ?: ?/gm, '').replaceAll(/```[^]*?```|`[^`]*`/g, '');
  return [...prose.matchAll(/\*{1,2}([^*\n]+)\*{1,2}/g)].map(([, text = '']) => text);
}

for (const language of ['en-US', 'zh-CN']) {
  describe(`the help in ${language}`, () => {
    for (const type of nodeTypes()) {
      it(`names labels of ${type} as its dialog does`, () => {
        const folder = `nodes/${type}/locales/${language}`;
        const labels = textsOf(JSON.parse(readFileSync(`${folder}/${type}.json`, 'utf8')));
        const help = readFileSync(`${folder}/${type}.html`, 'utf8');
        const wrong = emphasised(help).filter(
          (text) => !labels.includes(text) && !NO_LABELS[language]!.includes(text),
        );
        assert.deepEqual(wrong, []);
      });
    }
  });
}

describe('docs/messages.md', () => {
  it('names labels as the dialogs do', () => {
    const labels = nodeTypes().flatMap((type) =>
      textsOf(JSON.parse(readFileSync(`nodes/${type}/locales/en-US/${type}.json`, 'utf8'))),
    );
    // Sentences at the start of a paragraph or an item.
    const names = emphasised(readFileSync('docs/messages.md', 'utf8').replaceAll(/^- \*\*.*$/gm, ''));
    assert.ok(names.length > 3, names.join());
    assert.deepEqual(
      names.filter((name) => !labels.includes(name)),
      [],
    );
  });
});
