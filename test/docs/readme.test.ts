import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { COMMAND_NAMES, HELP, isCommand } from '../../src/cli/usage';
import { codeBlocksOf, linksOf, readLines, rowsOf, sectionsOf } from './markdown';

const README = 'README.md';

/** `ftrace-life` with its arguments, from each line of the code blocks that calls it and is no output. */
function calls(): string[][] {
  return codeBlocksOf(README)
    .flatMap((block) => block.split('\n'))
    .map((line) => /^(?:\$ )?(?:.*\| )?ftrace-life (.*)$/.exec(line)?.[1])
    .filter((args) => args !== undefined)
    .map((args) => args.split(' '));
}

describe('the README', () => {
  it('has its two commands literally, each a line and a code block of its own', () => {
    const blocks = codeBlocksOf(README);
    assert.ok(blocks.includes('npm ci && npm start\n'));
    assert.ok(blocks.includes('npm ci && npm test\n'));
  });

  it('calls ftrace-life only as its usage allows', () => {
    const seen = calls();
    assert.ok(seen.length >= 10);
    for (const [command = '', ...rest] of seen) {
      if (command.startsWith('--')) continue;
      assert.ok(isCommand(command), `there is no ftrace-life ${command}`);
      const help = HELP[command];
      const dashes = rest.indexOf('--');
      const own = dashes < 0 ? rest : rest.slice(0, dashes);
      for (const option of own.filter((arg) => /^-./.test(arg))) {
        assert.match(help, new RegExp(`^ .*${option}\\b`, 'm'), `ftrace-life ${command} has no ${option}`);
      }
      if (own.includes('--format')) {
        const format = own[own.indexOf('--format') + 1] ?? '';
        const formats = /--format FORMAT((?:.|\n)*?)^(?: {6}--| {2}-|$)/m.exec(help)?.[1] ?? '';
        assert.match(
          formats,
          new RegExp(`^ +(?:.*, )?${format}\\b.*:`, 'm'),
          `${command} --format ${format}`,
        );
      }
    }
  });

  it('shows each command of ftrace-life', () => {
    const shown = new Set(calls().map(([command]) => command));
    assert.deepEqual(
      COMMAND_NAMES.filter((name) => !shown.has(name)),
      [],
    );
  });

  it('has each node in its table, with as many inputs and outputs as the editor gives it', () => {
    const section = sectionsOf(README).find(({ title }) => title === 'The nodes')!;
    const nodes = rowsOf(section).map(([name = '', wires = '']) => {
      const type = name.replaceAll('`', '');
      const html = readFileSync(`nodes/${type}/${type}.html`, 'utf8');
      const count = (what: string): string => new RegExp(`^\\s*${what}: (\\d+),`, 'm').exec(html)?.[1] ?? '?';
      assert.equal(wires, `${count('inputs')} / ${count('outputs')}`, type);
      return type;
    });
    const { 'node-red': own } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      'node-red': { nodes: Record<string, string> };
    };
    assert.deepEqual(nodes, Object.keys(own.nodes));
  });

  it("quotes the doctor's ways out as the doctor says them", () => {
    const source = readFileSync('src/tracefs/preflight.ts', 'utf8');
    const section = sectionsOf(README).find(({ title }) => title === 'Permissions')!;
    const fixes = rowsOf(section).flatMap(([, fix = '']) =>
      [...fix.matchAll(/`([^`]+)`/g)].map(([, code]) => code!),
    );
    assert.ok(fixes.length >= 8);
    for (const fix of fixes) {
      // The source puts the option's name in: CONFIG_FTRACE_SYSCALLS is in a list of its own.
      const said = fix.replace('CONFIG_FTRACE_SYSCALLS', '${option}');
      assert.ok(source.includes(said), `the doctor never says: ${fix}`);
    }
  });

  it('names buttons of the example that are there', () => {
    const flow = JSON.parse(readFileSync('examples/1 Life of a process.json', 'utf8')) as {
      type: string;
      name?: string;
    }[];
    const buttons = flow.filter(({ type }) => type === 'inject').map(({ name }) => name);
    const text = readLines(README).join('\n');
    const pressed = [...text.matchAll(/(?:left of|Press) \*\*([^*]+)\*\*/g)].map(([, name]) => name);
    assert.ok(pressed.length >= 2);
    assert.deepEqual(
      pressed.filter((name) => !buttons.includes(name)),
      [],
    );
  });
});

describe('the documents', () => {
  const documents = globSync(['*.md', 'docs/*.md', 'test/fixtures/*.md']);

  for (const document of documents) {
    it(`lead somewhere: the relative links of ${document}`, () => {
      const missing = linksOf(document)
        .filter((target) => !/^[a-z]+:|^#/.test(target))
        .map((target) => path.join(path.dirname(document), target.replace(/#.*$/, '')))
        .filter((target) => !existsSync(target));
      assert.deepEqual(missing, []);
    });
  }

  it('name only files that are there', () => {
    const named = readLines('ARCHITECTURE.md').flatMap((line) =>
      [...line.matchAll(/`((?:src|test|nodes|scripts|docs|examples|icons|bench)\/[\w./-]*)`/g)].map(
        ([, name]) => name!,
      ),
    );
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter((name) => !existsSync(name)),
      [],
    );
  });

  it('have each folder of the sources in the table of rooms', () => {
    const section = sectionsOf('ARCHITECTURE.md').find(({ title }) => title === 'Rooms')!;
    const told = rowsOf(section)
      .map(([folders]) => folders)
      .join(' ');
    const folders = globSync('src/*/').map((folder) => `\`${folder.replace(/\/$/, '')}/\``);
    assert.ok(folders.length >= 8);
    assert.deepEqual(
      folders.filter((folder) => !told.includes(folder)),
      [],
    );
  });
});
