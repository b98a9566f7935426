/**
 * `npm run test:kernels [-- 6.1 6.12 ...]`: every scenario on stock Debian kernels, each in a guest of its own, and
 * the table of what came out. Exit status 1 where a cell is worse than docs/kernels.md says, or a guest did not come to
 * its end.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { temporaryFolder } from '../harness/temporary-folder';
import { compiled, SPIN } from '../live/compiled';
import { compileProgram } from '../scenarios/run-scenario';
import type { Cell, GuestKernel, GuestLine, GuestRequest } from './cells';
import { readExpectedTable, worseThanExpected } from './expected';
import { GOLDEN_FOLDER, GOLDEN_IDS, writeGolden } from './golden';
import { allScenarios, programKey } from './listed';
import { RamRoot } from './ram-root';
import { hasWrong, tableForMarkdown, tableForTerminal, type KernelColumn, type TableRow } from './table';
import { cacheFolder, fetchInto, lastLines, NoKernel, runGuest } from './virtual-machine';
import { WALK_THROUGH } from './walkthrough';

const FORBIDS_SKIPPING = process.env['FTRACE_LIFE_NO_SKIP'] === '1';

const SERIES = ['5.10', '6.1', '6.12', '6.18', '7.3'];
/** What the traced parent, the scenarios and their programs call. */
const COMMANDS = ['sh', 'bash', 'sleep', 'true', 'false', 'cat', 'echo', 'env', 'strace', 'unshare'];

interface Request {
  readonly series: readonly string[];
  readonly only: readonly string[] | null;
  /** Where captures of all cells go; null: only those of wrong ones, into a temporary folder. */
  readonly keep: string | null;
  readonly golden: boolean;
  readonly markdown: string | null;
  readonly limitMs: number;
}

function readRequest(): Request {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      keep: { type: 'string' },
      golden: { type: 'boolean', default: false },
      markdown: { type: 'string' },
      'limit-seconds': { type: 'string', default: '600' },
    },
  });
  const only = values.only?.split(',') ?? null;
  const ids = new Set([WALK_THROUGH.id, ...allScenarios().map(({ id }) => id)]);
  for (const id of only ?? []) if (!ids.has(id)) throw new Error(`--only: there is no scenario ${id}`);
  return {
    series: positionals.length > 0 ? positionals : SERIES,
    only,
    keep: values.keep ?? null,
    golden: values.golden,
    markdown: values.markdown ?? null,
    limitMs: Number(values['limit-seconds']) * 1000,
  };
}

/** The same for all kernels. */
function makeRamRoot(cache: string, request: Request, folder: string): string {
  const root = new RamRoot();
  const busybox = path.join(cache, 'tools/bin/busybox');
  for (const name of ['/dev', '/proc', '/sys', '/run', '/tmp', '/root', '/etc', '/var/tmp', '/vm'])
    root.folder(name);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    root.folder(`/usr/${name}`);
    root.link(`/${name}`, `usr/${name}`);
  }
  root.copy(busybox, '/vm/busybox');
  root.copy('test/vm/guest-init.sh', '/init');
  root.copy(process.execPath, '/usr/bin/node');
  root.takeLibrariesOf(process.execPath);
  for (const name of COMMANDS) {
    if (!root.takeCommand(name))
      console.error(`this machine has no ${name}; scenarios that need it are not run`);
  }
  for (const [name, text] of Object.entries({
    passwd: 'root:x:0:0:root:/root:/bin/sh\n',
    group: 'root:x:0:\n',
  }))
    root.put(`/etc/${name}`, Buffer.from(text), 0o100644);
  root.take('/etc/ld.so.cache');

  const build = path.join(__dirname, '../..');
  root.takeTree(build, '/vm/tree', ['src/**/*.js']);
  // An emulated processor takes seconds to load a hundred modules, and each session's thread loads its own.
  const bundles = path.join(folder, 'bundles');
  buildSync({
    entryPoints: [
      { in: path.join(__dirname, 'guest.js'), out: 'runner/guest' },
      { in: path.join(__dirname, 'standing-thread.js'), out: 'runner/standing-thread' },
      // Where a bundle in the folder beside looks for it.
      { in: path.join(build, 'src/session/reader-thread.js'), out: 'session/reader-thread' },
    ],
    bundle: true,
    platform: 'node',
    outdir: bundles,
  });
  root.takeTree(bundles, '/vm', ['**/*.js']);
  const programs: Record<string, string> = {};
  for (const { scenario } of allScenarios()) {
    const key = programKey(scenario.program, scenario.flags);
    if (programs[key] !== undefined) continue;
    const name = `/vm/programs/${Object.keys(programs).length}/${scenario.program}`;
    const file = compileProgram(scenario.program, scenario.flags);
    root.copy(file, name);
    root.takeLibrariesOf(file);
    programs[key] = name;
  }
  const spin = '/vm/programs/walk-through/a.out';
  root.copy(compiled('a.out', SPIN), spin);
  const asked: GuestRequest = {
    only: request.only,
    keep: request.keep !== null ? 'all' : request.golden ? GOLDEN_IDS : [],
    programs,
    spin,
  };
  root.put('/vm/request.json', Buffer.from(JSON.stringify(asked)), 0o100644);
  const file = path.join(folder, 'ram-root');
  root.write(file);
  return file;
}

async function runKernel(
  series: string,
  ramRoot: string,
  folder: string,
  request: Request,
): Promise<KernelColumn> {
  const cache = cacheFolder();
  const cells = new Map<string, Cell>();
  const told: { kernel: GuestKernel | null; exit: number | null } = { kernel: null, exit: null };
  const onLine = (text: string): void => {
    // The firmware greets on the first port that it finds.
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as GuestLine;
    if ('kernel' in line) told.kernel = line.kernel;
    else if ('exit' in line) told.exit = line.exit;
    else {
      cells.set(line.cell.id, line.cell);
      const { id, outcome, seconds } = line.cell;
      console.error(`${series}  ${id}: ${outcome} (${seconds.toFixed(1)} s)`);
      keepCell(series, line.cell, folder, request);
    }
  };
  const ended = await runGuest({ cache, series, ramRoot, folder, limitMs: request.limitMs, onLine });
  const failure =
    ended ??
    (told.exit === 0
      ? null
      : `the guest's runner failed: ${lastLines(path.join(folder, `errors-${series}.log`))}`);
  return { series, kernel: told.kernel, failure, cells };
}

function keepCell(
  series: string,
  { id, outcome, reason, recorded }: Cell,
  folder: string,
  request: Request,
): void {
  const kept = request.keep ?? folder;
  if (recorded !== undefined) {
    if (request.golden && GOLDEN_IDS.includes(id)) writeGolden(GOLDEN_FOLDER, series, id, recorded);
    if (request.keep !== null || outcome === 'WRONG') writeGolden(kept, series, id, recorded);
  }
  if (outcome !== 'WRONG') return;
  const isKept = request.keep !== null || process.env['FTRACE_LIFE_KEEP'] === '1';
  const where = isKept ? `its capture is in ${path.join(kept, series)}` : '--keep DIR keeps its capture';
  console.error(`${reason}\n${where}`);
}

/** @throws NoKernel where the mirror cannot be reached */
function lackOfKernel(cache: string, series: string): string | null {
  try {
    fetchInto(cache, series);
    return null;
  } catch (error) {
    if (error instanceof NoKernel && error.isUnoffered) return error.message;
    throw error;
  }
}

async function main(): Promise<number> {
  const request = readRequest();
  const cache = cacheFolder();
  // Kept for a look where something is wrong: see FTRACE_LIFE_KEEP.
  const folder = temporaryFolder('kernels');
  fetchInto(cache, 'tools');
  const lacks = new Map(request.series.map((series) => [series, lackOfKernel(cache, series)]));
  const ramRoot = makeRamRoot(cache, request, folder);
  const columns: KernelColumn[] = [];
  for (const series of request.series) {
    const failure = lacks.get(series) ?? null;
    columns.push(
      failure === null
        ? await runKernel(series, ramRoot, folder, request)
        : { series, kernel: null, failure, cells: new Map() },
    );
  }
  const scenarios = allScenarios().map(({ id, scenario }): TableRow => ({ id, name: scenario.name }));
  const rows = [WALK_THROUGH, ...scenarios].filter(({ id }) => request.only?.includes(id) ?? true);
  process.stdout.write(tableForTerminal(rows, columns));
  const expected = readExpectedTable();
  const worse = columns
    .filter(({ failure }) => failure === null)
    .flatMap(({ series, cells }) => worseThanExpected(expected, series, cells.values()));
  if (worse.length > 0) console.error(`worse than docs/kernels.md says:\n${worse.join('\n')}`);
  if (request.markdown !== null) writeFileSync(request.markdown, tableForMarkdown(rows, columns));
  // A kernel that the mirror does not offer is a hole in the table, and a failure only where holes are forbidden.
  const failed = columns.filter(({ failure }) => failure !== null);
  const isWrong = failed.some(({ series }) => FORBIDS_SKIPPING || lacks.get(series) === null);
  return hasWrong(columns) || worse.length > 0 || isWrong ? 1 : 0;
}

void main()
  .catch((error: unknown) => {
    if (!(error instanceof NoKernel)) throw error;
    console.error(`SKIPPED: no guest can be booted: ${error.message}`);
    return FORBIDS_SKIPPING ? 1 : 0;
  })
  .then((status) => {
    process.exitCode = status;
  });
