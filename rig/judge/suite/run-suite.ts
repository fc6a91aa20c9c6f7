import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSource } from '../../card/card-source.ts';
import { describeFailure } from '../../console/failure.ts';
import { openReader } from '../../endpoint/open-reader.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import { counted } from '../../report/words.ts';
import { EntryFile } from '../replay/entry-file.ts';
import type { Divergence, ReplaySummary } from '../replay/model.ts';
import { type ReplayHooks, replayTrace } from '../replay/replay.ts';
import { expectationInWords, type ReplayAttempt, type ReplayedTrace } from '../replay/report/model.ts';
import type { RuleUse } from './rule-use.ts';
import type { SuiteTrace } from './suite-file.ts';

/** What holds for all traces of a run. */
export interface SuiteSetting {
  readonly reader: ReaderChoice;
  /** Every attempt has a card of its own: a fresh one, or a copy of the image. */
  readonly card: CardSource | null;
  readonly interface: SuiteTrace['interface'];
  /** For traces that name none. */
  readonly rules: string | null;
  readonly secrets: string | null;
  /** The code in VITAP_PIN, where a trace's file has none. */
  readonly pin?: Uint8Array | null;
  readonly keepGoing: boolean;
  readonly keepSecrets: boolean;
  readonly timeoutMs: number;
  /** Holds what the run writes until its reports are made. */
  readonly folder: string;
  /** Folder for what every attempt sends and is answered, as {@link recordName} names it; null: it is not recorded. */
  readonly traces: string | null;
  readonly signal: AbortSignal;
  readonly onOpen: ReplayHooks['onOpen'];
  /** Told of what the link failed with, also where a trace could not begin. */
  readonly onLinkError?: ReplayHooks['onLinkError'];
  readonly ruleUse: RuleUse;
  /** The day of the run, `2026-11-23`. */
  readonly today: string;
}

export interface TraceProgress {
  attempt(number: number, of: number): void;
  exchange(done: number, total: number | null): void;
}

/** Replays one trace as often as it may be, until it does as expected. */
export async function runTrace(
  trace: SuiteTrace,
  setting: SuiteSetting,
  progress: TraceProgress,
): Promise<ReplayedTrace> {
  const attempts: ReplayAttempt[] = [];
  const most = trace.retries + 1;
  let outcome: Outcome = { verdict: 'SKIPPED', reason: 'interrupted' };
  while (attempts.length < most && !setting.signal.aborted) {
    progress.attempt(attempts.length + 1, most);
    const attempt = await replayOnce(trace, setting, attempts.length + 1, progress);
    attempts.push(attempt);
    outcome = judgeAttempt(trace, attempt);
    if (outcome.verdict === 'PASS') break;
  }
  const { id, title, file, rules, expect, quarantine } = trace;
  return {
    id,
    title,
    trace: file,
    rules: rules ?? setting.rules,
    expect,
    ...outcome,
    quarantine: quarantine === null ? null : { ...quarantine, expired: setting.today > quarantine.until },
    attempts,
  };
}

type Outcome = Pick<ReplayedTrace, 'verdict' | 'reason'>;

/** What an attempt did, measured by what was expected of it. */
export function judgeAttempt(
  { expect }: Pick<SuiteTrace, 'expect'>,
  { summary, problem, where }: Pick<ReplayAttempt, 'summary' | 'problem' | 'where'>,
): Outcome {
  if (summary === null) return { verdict: 'INCONCLUSIVE', reason: problem };
  if (expect.kind === 'pass') return asExpectedOfPass(summary, where);
  const { firstDivergence, verdict } = summary;
  if (firstDivergence === expect.exchange) return { verdict: 'PASS', reason: null };
  const wanted = `it was to ${expectationInWords(expect)}`;
  if (firstDivergence !== null) return { verdict: 'FAIL', reason: `${wanted}, and did so at ${firstDivergence}` };
  if (verdict === 'PASS') return { verdict: 'FAIL', reason: `${wanted}, and passed` };
  return { verdict: 'INCONCLUSIVE', reason: `${wanted}, and could not be judged: ${whyInconclusive(summary)}` };
}

function asExpectedOfPass(summary: ReplaySummary, where: string | null): Outcome {
  const { verdict, firstDivergence } = summary;
  if (verdict === 'PASS') return { verdict, reason: null };
  if (verdict === 'FAIL') {
    return { verdict, reason: `differs at exchange ${firstDivergence ?? '?'}${where === null ? '' : `: ${where}`}` };
  }
  return { verdict, reason: whyInconclusive(summary) };
}

function whyInconclusive({ problem, counts }: ReplaySummary): string {
  return problem ?? `${counted(counts.INCONCLUSIVE, 'exchange')} could not be judged`;
}

/** A status word says more than that it differs. */
function inShort({ kind, where, expected, got }: Divergence): string {
  return kind === 'status' ? `${where} ${got}, not ${expected}` : where;
}

/** Where the recording of an attempt lies in the run's folder. */
export function recordName(id: string, attempt: number): string {
  return `${id}.attempt-${attempt}.jsonl`;
}

async function replayOnce(
  trace: SuiteTrace,
  setting: SuiteSetting,
  number: number,
  progress: TraceProgress,
): Promise<ReplayAttempt> {
  const entries = new EntryFile(join(setting.folder, `${trace.id}.attempt-${number}.entries`));
  let total: number | null = null;
  let where: string | null = null;
  let unused: readonly string[] = [];
  const rules = trace.rules ?? setting.rules;
  const record = setting.traces === null ? null : join(setting.traces, recordName(trace.id, number));
  try {
    const summary = await replayTrace(
      {
        trace: trace.file,
        from: trace.from,
        reader: setting.reader,
        card: ownCard(setting, `${trace.id}.attempt-${number}.img`),
        interface: trace.interface ?? setting.interface,
        rules,
        secrets: trace.secrets ?? setting.secrets,
        pin: setting.pin ?? null,
        keepGoing: setting.keepGoing,
        pace: trace.pace,
        maxDeviation: trace.maxDeviation,
        record: { file: record, keepSecrets: setting.keepSecrets },
        keepSecrets: setting.keepSecrets,
        timeoutMs: setting.timeoutMs,
      },
      {
        signal: setting.signal,
        onOpen: setting.onOpen,
        onLinkError: setting.onLinkError,
        onStart: (count) => {
          total = count;
        },
        onUnusedRules: (names) => {
          unused = names;
        },
        onEntry: (entry) => {
          entries.add(entry);
          if (entry.verdict === 'FAIL' && entry.divergence !== null) where ??= inShort(entry.divergence);
          progress.exchange(entries.count, total);
        },
      },
    );
    const whole = summary.problem === null && summary.counts.SKIPPED === 0;
    if (rules !== null) setting.ruleUse.note(rules, whole ? unused : null);
    return { number, summary, problem: null, where, entries };
  } catch (error) {
    // One trace that cannot run is no reason to leave out the others; a bug of ours is.
    const { kind, sentences } = describeFailure(error);
    if (kind === 'fault') throw error;
    if (error instanceof HalError) setting.onLinkError?.(error);
    if (rules !== null) setting.ruleUse.note(rules, null);
    return { number, summary: null, problem: sentences.join(' '), where, entries };
  } finally {
    entries.close();
  }
}

/**
 * Whether there is a card at all, before any trace is sent to it.
 * @throws what opening the reader or the card throws
 */
export async function checkCard(setting: SuiteSetting): Promise<void> {
  const { reader, timeoutMs, signal } = setting;
  const opened = await openReader(reader, {
    card: ownCard(setting, 'check.img'),
    interface: setting.interface,
    signal,
  });
  try {
    if (opened.own !== null) return;
    const name = opened.name === null ? {} : { reader: opened.name };
    const session = await opened.reader.connect({ timeoutMs, mode: 'cold', signal, ...name });
    await session.disconnect('reset');
  } finally {
    await opened.close();
  }
}

/** A copy of an image, so that every trace begins with the same card and the image stays as it is. */
function ownCard({ card, folder }: SuiteSetting, name: string): CardSource | null {
  if (card?.kind !== 'image' || !existsSync(card.fileOrName)) return card;
  const copy = join(folder, name);
  copyFileSync(card.fileOrName, copy);
  return { kind: 'image', fileOrName: copy };
}
