import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { PACKAGE_ROOT } from '../console/package-root.ts';
import { median } from '../figures/quantile.ts';
import { replay } from '../judge/replay/replay.ts';
import { counted } from '../report/words.ts';
import { machine } from './figures.ts';

/** Where distributions put the browser; `VITAP_CHROMIUM` names another. */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** One answer of so many is changed in the trace, so that the report has something to show. */
const CHANGED_EVERY = 1000;
const CHANGED_AT = 5;
const OPENED = 5;

interface ReportFigures {
  readonly exchanges: number;
  /** `few`: one in a thousand. `all`: every answer with data, each another one. */
  readonly differing: 'few' | 'all';
  readonly bytes: number;
  /** Replay in process and report together. */
  readonly madeSeconds: number;
  /** Until every exchange can be scrolled to and searched, each time in a fresh page; empty without a browser. */
  readonly openedMs: readonly number[];
  /** Elements in the page. */
  readonly elements: number | null;
  /** Why it was not opened. */
  readonly notOpened: string | null;
}

/** `vitap bench trace --report`: how large the HTML report of a replay is, and how long it takes to open. */
export async function benchReport({ count }: { readonly count: number }, io: CommandIo): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-bench-'));
  try {
    const rows: ReportFigures[] = [];
    const cases = [
      [20, 'few'],
      [count, 'few'],
      [count, 'all'],
    ] as const;
    for (const [exchanges, differing] of cases) {
      io.signal.throwIfAborted();
      io.stderr(`${counted(exchanges, 'exchange')}, ${differing} not as expected\n`);
      rows.push(await measure(exchanges, differing, folder, io));
    }
    // What an interruption leaves is no result.
    io.signal.throwIfAborted();
    if (io.json) {
      writeJson(io, { id: 'bench-report', ...machine(), reports: rows });
      return EXIT.pass;
    }
    const { machine: name, node } = machine();
    io.stdout(`${name}, Node ${node}; simulated card\n\n`);
    const heads = ['differing', 'bytes', 'made in, s', 'opened in, ms', 'elements'];
    io.stdout(`${'exchanges'.padEnd(12)}${heads.map(right).join('')}\n`);
    for (const { exchanges, differing, bytes, madeSeconds, openedMs, elements } of rows) {
      const opened = openedMs.length === 0 ? '-' : `${median(openedMs).toFixed(0)}`;
      const figures = [differing, `${bytes}`, madeSeconds.toFixed(1), opened, `${elements ?? '-'}`];
      io.stdout(`${`${exchanges}`.padEnd(12)}${figures.map(right).join('')}\n`);
    }
    const reason = rows.find(({ notOpened }) => notOpened !== null)?.notOpened;
    if (reason != null) io.stderr(`vitap: not opened: ${reason}\n`);
    return EXIT.pass;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const right = (text: string): string => text.padStart(15);

async function measure(
  exchanges: number,
  differing: ReportFigures['differing'],
  folder: string,
  io: CommandIo,
): Promise<ReportFigures> {
  const trace = join(folder, `${exchanges}-${differing}.jsonl`);
  writeFileSync(trace, longTrace(exchanges, differing));
  const html = join(folder, `${exchanges}-${differing}.html`);
  const from = performance.now();
  await replay(
    {
      trace,
      from: 'vitap',
      reader: { driver: 'loopback' },
      card: { kind: 'profile', name: 'vitale2' },
      interface: null,
      rules: null,
      secrets: null,
      keepGoing: true,
      pace: 'fast',
      maxDeviation: null,
      record: { file: null, keepSecrets: false },
      keepSecrets: false,
      timeoutMs: 1000,
      outputs: { html, junit: null, evidence: null },
    },
    { ...io, json: false, stdout: () => {}, stderr: () => {} },
  );
  if (!existsSync(html)) throw new CannotRun(`the replay of ${counted(exchanges, 'exchange')} was interrupted`);
  const madeSeconds = (performance.now() - from) / 1000;
  return { exchanges, differing, bytes: statSync(html).size, madeSeconds, ...(await open(html, io)) };
}

/** The walk along POINTERS of the shipped suite, over and over. */
export function longTrace(exchanges: number, differing: ReportFigures['differing']): string {
  const lines = readFileSync(join(PACKAGE_ROOT, 'suites', 'vitale2', 'pointers.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const [header = '', ...events] = lines;
  const recorded = events
    .map((line) => JSON.parse(line) as { type: string; t: number; apdu?: string })
    .filter(({ type }) => type === 'command' || type === 'response');
  const begin = recorded[0]?.t ?? 0;
  const span = (recorded.at(-1)?.t ?? 0) - begin + 1_000_000;
  const made = [header];
  for (let i = 0; i < 2 * exchanges; i++) {
    const event = recorded[i % recorded.length] as (typeof recorded)[number];
    const t = event.t - begin + Math.floor(i / recorded.length) * span;
    made.push(JSON.stringify({ ...event, t, ...otherAnswer(event, (i + 1) / 2, differing) }));
  }
  return `${made.join('\n')}\n`;
}

/** What is changed in a response, so that the card's answer is not the recorded one. */
function otherAnswer(
  { type, apdu = '' }: { readonly type: string; readonly apdu?: string },
  exchange: number,
  differing: ReportFigures['differing'],
): { readonly apdu?: string } {
  if (type !== 'response' || apdu.length < 12 || apdu.includes('X')) return {};
  if (differing === 'all')
    return { apdu: apdu.slice(0, -12) + exchange.toString(16).padStart(8, '0').toUpperCase() + apdu.slice(-4) };
  if (exchange % CHANGED_EVERY !== CHANGED_AT) return {};
  const at = apdu.length - 6;
  return { apdu: apdu.slice(0, at) + (apdu[at] === '0' ? '1' : '0') + apdu.slice(at + 1) };
}

async function open(html: string, io: CommandIo): Promise<Pick<ReportFigures, 'openedMs' | 'elements' | 'notOpened'>> {
  const executablePath = [io.env.VITAP_CHROMIUM ?? '', ...BROWSERS].find((path) => path !== '' && existsSync(path));
  if (executablePath === undefined) return { openedMs: [], elements: null, notOpened: 'there is no Chromium here' };
  const playwright = await import('playwright-core').catch(() => null);
  if (playwright === null) {
    return { openedMs: [], elements: null, notOpened: 'playwright-core is not installed (it comes with a checkout)' };
  }
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await playwright.chromium.launch({ executablePath, args });
  try {
    const openedMs: number[] = [];
    let elements = 0;
    for (let i = 0; i < OPENED; i++) {
      const page = await browser.newPage();
      const from = performance.now();
      await page.goto(pathToFileURL(html).href);
      await page.waitForFunction('document.documentElement.dataset.ready === "yes"');
      openedMs.push(performance.now() - from);
      elements = Number(await page.evaluate('document.querySelectorAll("*").length'));
      await page.close();
    }
    return { openedMs, elements, notOpened: null };
  } finally {
    await browser.close();
  }
}
