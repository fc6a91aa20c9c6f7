import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CardSource } from '../../card/card-source.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { makeFolder } from '../../console/make-folder.ts';
import { readPin } from '../../console/pin.ts';
import { shown } from '../../console/shown.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import { counted } from '../../report/words.ts';
import { selectsId } from '../conform/run-suite.ts';
import { evidenceTraces } from '../replay/evidence.ts';
import { type ReplayOutputChoice, ReplayOutputs } from '../replay/outputs.ts';
import { documentPieces } from '../replay/report/document.ts';
import { expectationInWords, type ReplayedTrace, type ReplayReport, verdictOfAll } from '../replay/report/model.ts';
import { readRules } from '../replay/rules-file.ts';
import { readSecrets } from '../replay/secrets.ts';
import { runAll } from './progress.ts';
import { RuleUse } from './rule-use.ts';
import { checkCard, recordName, runTrace, type SuiteSetting } from './run-suite.ts';
import { readSuite, type Suite } from './suite-file.ts';
import { asText } from './text.ts';

export interface ReplaySuiteOptions {
  readonly folder: string;
  readonly reader: ReaderChoice;
  readonly card: CardSource | null;
  readonly interface: 'contact' | 'contactless' | 'wired' | null;
  /** For traces for which the suite names none. */
  readonly rules: string | null;
  readonly secrets: string | null;
  readonly keepGoing: boolean;
  readonly keepSecrets: boolean;
  readonly jobs: number;
  /** Ids, as `identity*,!*-old`; null for all. */
  readonly only: string | null;
  /** Only say what there is. */
  readonly list: boolean;
  readonly outputs: ReplayOutputChoice;
  /** Folder for a trace of each attempt, as {@link recordName} names it; absent: none is kept. */
  readonly traces?: string;
  readonly timeoutMs: number;
  /** Told of what the link failed with. */
  readonly onLinkError?: SuiteSetting['onLinkError'];
}

/**
 * `vitap replay SUITE/`: replays all traces of a suite, each to a card that begins afresh.
 * @returns 0 all as expected, 1 one was not, 2 not all could be judged
 * @throws {CannotRun}, {ProfileError} before anything is sent
 */
export async function replaySuite(options: ReplaySuiteOptions, io: CommandIo): Promise<ExitCode> {
  const suite = readSuite(options.folder);
  const selects = selectsId(options.only);
  const traces = suite.traces.filter(({ id }) => selects(id));
  if (traces.length === 0) throw new CannotRun(`no trace of ${suite.name} has an id like ${options.only}`);
  if (options.list) return list({ ...suite, traces }, io);

  if (options.rules !== null) readRules(options.rules);
  if (options.secrets !== null) readSecrets(options.secrets);
  const pin = await readPin({ file: null, ask: false }, io);
  const outputs = new ReplayOutputs(options.outputs, options.card, io.env);
  if (options.traces !== undefined) makeFolder(options.traces);
  const folder = mkdtempSync(join(tmpdir(), 'vitap-suite-'));
  try {
    const startedAt = new Date();
    const startMs = performance.now();
    const setting: SuiteSetting = {
      ...options,
      pin,
      folder,
      traces: options.traces ?? (outputs.wantsEvidence ? folder : null),
      signal: io.signal,
      onOpen: outputs.onOpen,
      ruleUse: new RuleUse(),
      today: startedAt.toISOString().slice(0, 10),
    };
    if (!io.signal.aborted) await checkCard(setting);
    const results = await runAll(traces, options.jobs, (trace, progress) => runTrace(trace, setting, progress), io);
    // What an interruption leaves is no verdict.
    io.signal.throwIfAborted();
    const leftOut = suite.traces.length - traces.length;
    const report: ReplayReport = {
      suite: { name: suite.name, title: suite.title, file: suite.file },
      verdict: verdictOfAll(results),
      environment: outputs.environment(
        results.flatMap(({ attempts }) => attempts.flatMap(({ summary }) => summary ?? [])),
        startedAt.toISOString(),
        performance.now() - startMs,
      ),
      secretsKept: options.keepSecrets,
      jobs: options.jobs,
      traces: results,
      leftOut,
      // What was left out may need the rules that the others do not.
      warnings: [...warningsOf(suite, options), ...(leftOut === 0 ? setting.ruleUse.warnings() : [])],
    };
    if (io.json) for await (const piece of documentPieces(report)) io.stdout(piece);
    else io.stdout(asText(report));
    for (const warning of [...report.warnings, ...warningsOfTraces(results)]) io.stderr(`vitap: ${shown(warning)}\n`);
    await outputs.write(
      report,
      evidenceTraces(
        report,
        (id, attempt) => join(options.traces ?? folder, recordName(id, attempt)),
        (id) => traces.find((trace) => trace.id === id)?.from ?? null,
      ),
      io,
    );
    if (report.verdict === 'FAIL') return EXIT.fail;
    return report.verdict === 'PASS' ? EXIT.pass : EXIT.cannotRun;
  } finally {
    pin?.fill(0);
    rmSync(folder, { recursive: true, force: true });
  }
}

function warningsOf({ traces }: Suite, { jobs }: ReplaySuiteOptions): string[] {
  const timed = traces.some(({ maxDeviation, pace }) => maxDeviation !== null || pace !== 'fast');
  return jobs > 1 && timed
    ? ['traces that run at the same time share one processor: times are judged best with --jobs 1']
    : [];
}

/** What was worth a word at the last attempts; the same word about many traces is said once. */
function warningsOfTraces(results: readonly ReplayedTrace[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, attempts } of results) {
    for (const warning of attempts.at(-1)?.summary?.warnings ?? []) ids.set(warning, [...(ids.get(warning) ?? []), id]);
  }
  return [...ids].map(([warning, [first = '', ...others]]) =>
    others.length === 0 ? `${first}: ${warning}` : `${first} and ${others.length} more: ${warning}`,
  );
}

function list({ name, traces }: Suite, io: CommandIo): ExitCode {
  if (io.json) {
    io.stdout(`${JSON.stringify({ id: 'replay-suite-list', suite: name, traces }, null, 2)}\n`);
    return EXIT.pass;
  }
  const width = Math.max(...traces.map(({ id }) => id.length));
  for (const { id, title, expect, quarantine } of traces) {
    const remarks = [
      ...(expect.kind === 'pass' ? [] : [expectationInWords(expect)]),
      ...(quarantine === null ? [] : [`quarantine until ${quarantine.until}: ${quarantine.reason}`]),
    ];
    io.stdout(
      `${shown(`${id.padEnd(width)}  ${title ?? ''}${remarks.length === 0 ? '' : ` (${remarks.join('; ')})`}`)}\n`,
    );
  }
  io.stdout(`${counted(traces.length, 'trace')}\n`);
  return EXIT.pass;
}
