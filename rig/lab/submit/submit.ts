import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import { readUtf8Text } from '../../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson, writeJsonLine } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import type { Submission, SubmittedRun } from '../api/campaign.ts';
import { LabRefused, LabUnreachable } from '../api/lab-refused.ts';
import { type PersonLink, personLink } from '../api/person-link.ts';
import { type LabAddress, labLine } from '../bench/verb.ts';
import { type Campaign, parseCampaign } from '../campaign/campaign.ts';
import { checkCampaign } from '../campaign/check-cases.ts';
import { type BenchDevice, requirementInWords } from '../campaign/fits.ts';
import { lookIn, surroundings } from '../campaign/surroundings.ts';
import { watchCampaign } from '../verbs/watch.ts';
import { type FoundInput, findInputs } from './input-files.ts';

export interface LabSubmitOptions {
  readonly file: string;
  /** Null: the file is checked here, and no server is asked. */
  readonly lab: LabAddress | null;
  /** Only say what it would be. */
  readonly dryRun: boolean;
  /** Submit although no bench can take some of its runs. */
  readonly force: boolean;
  /** Follow it until its last run has ended, as `lab watch` does. */
  readonly watch: boolean;
}

/** What the server says may be as long as a campaign is. */
const LARGEST_CAMPAIGN_FILE = 262_144;

/**
 * `vitap lab submit`: checks a campaign, says what it costs, uploads what it reads, and puts its runs into the queue.
 * @returns 0 submitted, or with `dryRun` it would be, or with `watch` all passed; 1 some of its runs no bench can take, and
 *   nothing was submitted, or with `watch` a run did not pass
 */
export async function labSubmit(options: LabSubmitOptions, io: CommandIo): Promise<ExitCode> {
  const { file, lab, dryRun, force, watch } = options;
  const source = readUtf8Text(file, 'a campaign', LARGEST_CAMPAIGN_FILE);
  const folder = dirname(file);
  const around = await surroundings(folder);
  // What is wrong with the file is said before anybody is asked.
  const checked = await checkCampaign(source, file, { ...around, boards: null }, lookIn(folder));
  const link = lab === null ? null : personLink({ ...labLine(lab), signal: io.signal });
  const campaign =
    link === null || checked.every.length === 0
      ? checked
      : parseCampaign(source, file, { ...around, boards: await asked(() => boardsAt(link)) });
  const inputs = findInputs(campaign.inputs, folder);
  const submission: Submission = {
    name: campaign.name,
    source,
    runs: campaign.runs.map((run) => submittedRun(run, inputs)),
    dryRun: true,
    attempts: campaign.attempts,
    key: randomUUID(),
  };
  if (link === null) return tell({ campaign, inputs, unfit: null, id: null }, io);
  const submitted = await asked(async () => {
    const { unfit } = await link.submit(submission);
    if (dryRun || (unfit.length > 0 && !force)) {
      tell({ campaign, inputs, unfit, id: null }, io, watch ? writeJsonLine : writeJson);
      if (unfit.length === 0 || force) return { exit: EXIT.pass };
      const done = dryRun ? '' : 'nothing was submitted: ';
      io.stderr(
        `vitap: ${done}no bench can take ${counted(unfit.length, 'run')}; --force submits them all the same, to wait\n`,
      );
      return { exit: EXIT.fail };
    }
    const id = await submitAll(submission, inputs, link);
    if (watch && io.json)
      writeJsonLine(io, { event: 'submitted', campaign: id, name: campaign.name, runs: campaign.runs.length });
    else tell({ campaign, inputs, unfit, id }, io);
    return id;
  });
  if (typeof submitted === 'object') return submitted.exit;
  return watch && lab !== null ? watchCampaign(lab, submitted, io) : EXIT.pass;
}

/** @throws {CannotRun} the lab refused, or cannot be reached */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof LabRefused || error instanceof LabUnreachable)
      throw new CannotRun(error.message, { cause: error });
    throw error;
  }
}

/** Boards at benches that live and may take something. */
async function boardsAt(link: PersonLink): Promise<readonly BenchDevice[]> {
  return (await link.benches())
    .filter(({ alive, quarantined }) => alive && quarantined === null)
    .flatMap(({ name, devices }) => devices.map((capability) => ({ bench: name, capability })))
    .filter(({ capability }) => capability.kind === 'board');
}

function submittedRun(run: Campaign['runs'][number], inputs: ReadonlyMap<string, readonly FoundInput[]>): SubmittedRun {
  const { inputs: named, work, ...rest } = run;
  const found = named.flatMap((input) => inputs.get(input) ?? []);
  const unique = new Map(found.map(({ name, sha256 }) => [name, { name, sha256 }]));
  return { ...rest, work: { ...work }, inputs: [...unique.values()] };
}

/** Uploads what the server lacks, and submits; asked again with the same key, nothing is submitted twice. */
async function submitAll(
  submission: Submission,
  inputs: ReadonlyMap<string, readonly FoundInput[]>,
  link: PersonLink,
): Promise<number> {
  const files = new Map([...inputs.values()].flat().map((each) => [each.sha256, each.path]));
  for (const sha256 of await link.missing([...files.keys()])) {
    await link.upload(sha256, readFileSync(files.get(sha256) as string));
  }
  const { campaign, missing } = await link.submit({ ...submission, dryRun: false });
  if (campaign !== null) return campaign;
  throw new CannotRun(
    `${counted(missing.length, 'input')} did not stay at the server, and nothing was submitted: try again`,
  );
}

interface Told {
  readonly campaign: Campaign;
  readonly inputs: ReadonlyMap<string, readonly FoundInput[]>;
  /** Places of runs; null: no server was asked. */
  readonly unfit: readonly number[] | null;
  /** Null: not submitted. */
  readonly id: number | null;
}

const MOST_SHOWN = 10;

/** @param write with `watch` a line, as all that follows would be */
function tell({ campaign, inputs, unfit, id }: Told, io: CommandIo, write = writeJson): ExitCode {
  const { name, runs } = campaign;
  const suites = countBy(runs.map(({ suite }) => suite));
  const files = [...inputs.values()].flat().length;
  const unfitRuns = (unfit ?? []).flatMap((place) => runs[place] ?? []);
  const wanting = countBy(unfitRuns.map(({ requirement }) => requirementInWords(requirement)));
  if (io.json) {
    write(io, {
      id: 'lab-submit',
      name,
      campaign: id,
      runs: runs.length,
      inputs: files,
      suites: [...suites].map(([suite, count]) => ({ suite, runs: count })),
      unfit: unfit === null ? null : [...wanting].map(([needs, count]) => ({ needs, runs: count })),
    });
    return EXIT.pass;
  }
  const lines = [
    `${name}: ${counted(runs.length, 'run')}, ${counted(files, 'input')}`,
    ...[...suites].map(([suite, count]) => `  ${suite}: ${count}`),
    ...(wanting.size === 0 ? [] : ['No bench can take:']),
    ...[...wanting].slice(0, MOST_SHOWN).map(([needs, count]) => `  ${counted(count, 'run')}: ${needs}`),
    ...(wanting.size > MOST_SHOWN ? [`  and ${wanting.size - MOST_SHOWN} more`] : []),
    ...(id === null ? [] : [`Campaign ${id}`]),
  ];
  io.stdout(`${lines.map(shown).join('\n')}\n`);
  return EXIT.pass;
}

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const each of names) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}
