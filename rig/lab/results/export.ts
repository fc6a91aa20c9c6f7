import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { type EvidencePlan, handOver, planEvidence } from '../../judge/evidence/plan.ts';
import { checkReportFile, writeReportParts } from '../../report/report-file.ts';
import type { PersonLink } from '../api/person-link.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from '../verbs/ask.ts';
import { allResults } from './all-results.ts';
import { CampaignBundle } from './bundle.ts';
import { CSV_HEAD, csvLines } from './csv.ts';
import { CampaignJunit } from './junit.ts';
import { PartsFile } from './parts-file.ts';

export interface LabExportOptions {
  readonly lab: LabAddress;
  readonly campaign: number;
  /** Files to write; null: not this one. */
  readonly junit: string | null;
  readonly csv: string | null;
  /** Folder of a signed bundle, and the file of the key that signs it. */
  readonly evidence: { readonly folder: string; readonly key: string } | null;
}

/**
 * `vitap lab export`: a campaign as JUnit, as CSV, as a signed bundle of all its results and their files. Its runs come one
 * after the other, and what is made of them lies on the disk until it is whole.
 */
export async function exportLab(options: LabExportOptions, io: CommandIo): Promise<ExitCode> {
  const { lab, junit, csv, evidence } = options;
  for (const path of [junit, csv]) if (path !== null) checkReportFile(path);
  const plan = evidence === null ? null : planEvidence(evidence);
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-export-'));
  try {
    await asking(lab, io, (link) => exportFrom(link, { ...options, plan, folder }, io));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return EXIT.pass;
}

interface Exported extends LabExportOptions {
  readonly plan: EvidencePlan | null;
  /** For what is not whole yet. */
  readonly folder: string;
}

async function exportFrom(
  link: PersonLink,
  { campaign: id, junit, csv, evidence, plan, folder }: Exported,
  io: CommandIo,
): Promise<void> {
  const { campaign } = await link.matrix(id);
  const report = new CampaignJunit(campaign);
  const suites = new PartsFile(join(folder, 'junit'));
  const lines = new PartsFile(join(folder, 'csv'));
  const bundle = plan === null ? null : await CampaignBundle.open(link, join(folder, 'bundle'));
  let runs = 0;
  for await (const each of allResults(link, id)) {
    runs++;
    if (junit !== null) suites.add(report.suite(each));
    if (csv !== null) lines.add(csvLines(each));
    await bundle?.add(each);
  }
  if (junit !== null) writeReportParts(junit, framed(report.frame(), suites));
  if (csv !== null) writeReportParts(csv, framed({ start: CSV_HEAD, end: '' }, lines));
  let pruned = 0;
  if (plan !== null && bundle !== null) {
    const described = await bundle.describe(campaign);
    pruned = described.pruned;
    if (pruned > 0) io.stderr(`vitap: files that were pruned, and are not in the bundle: ${pruned}\n`);
    handOver(plan, described.description, io);
  }
  if (!io.json) return;
  writeJson(io, {
    ...{ id: 'lab-export', campaign, runs, junit, csv },
    evidence: evidence === null ? null : { folder: evidence.folder, pruned },
  });
}

function* framed(
  { start, end }: { readonly start: string; readonly end: string },
  file: PartsFile,
): Generator<Uint8Array, void, undefined> {
  yield Buffer.from(start);
  yield* file.parts();
  yield Buffer.from(end);
}
