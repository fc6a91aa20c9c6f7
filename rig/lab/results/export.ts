import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { EvidenceDescription, EvidenceItem } from '../../judge/evidence/bundle.ts';
import { handOver, jsonItem, planEvidence } from '../../judge/evidence/plan.ts';
import { checkReportFile, writeReportFile } from '../../report/report-file.ts';
import type { BenchSummary } from '../api/bench.ts';
import type { CampaignSummary } from '../api/campaign.ts';
import { LabRefused } from '../api/lab-refused.ts';
import type { PersonLink } from '../api/person-link.ts';
import type { ResultBlob } from '../api/result.ts';
import type { LabAddress } from '../bench/verb.ts';
import { readSigned } from '../store/record.ts';
import { asking } from '../verbs/ask.ts';
import { allResults, type JudgedRun } from './all-results.ts';
import { campaignCsv } from './csv.ts';
import { campaignJunit } from './junit.ts';

export interface LabExportOptions {
  readonly lab: LabAddress;
  readonly campaign: number;
  /** Files to write; null: not this one. */
  readonly junit: string | null;
  readonly csv: string | null;
  /** Folder of a signed bundle, and the file of the key that signs it. */
  readonly evidence: { readonly folder: string; readonly key: string } | null;
}

/** `vitap lab export`: a campaign as JUnit, as CSV, as a signed bundle of all its results and their files. */
export async function exportLab(options: LabExportOptions, io: CommandIo): Promise<ExitCode> {
  const { lab, campaign: id, junit, csv, evidence } = options;
  for (const path of [junit, csv]) if (path !== null) checkReportFile(path);
  const plan = evidence === null ? null : planEvidence(evidence);
  await asking(lab, io, async (link) => {
    const { campaign } = await link.matrix(id);
    const runs: JudgedRun[] = [];
    for await (const each of allResults(link, id)) runs.push(each);
    if (junit !== null) writeReportFile(junit, campaignJunit(campaign, runs));
    if (csv !== null) writeReportFile(csv, campaignCsv(runs));
    let pruned = 0;
    if (plan !== null) {
      const files = await filesOf(link, runs);
      pruned = files.pruned;
      if (pruned > 0) io.stderr(`vitap: files that were pruned, and are not in the bundle: ${pruned}\n`);
      handOver(plan, await describe(link, campaign, runs, files.items), io);
    }
    if (io.json) {
      const bundle = evidence === null ? null : { folder: evidence.folder, pruned };
      writeJson(io, { id: 'lab-export', campaign, runs: runs.length, junit, csv, evidence: bundle });
    }
  });
  return EXIT.pass;
}

async function describe(
  link: PersonLink,
  campaign: CampaignSummary,
  runs: readonly JudgedRun[],
  files: readonly EvidenceItem[],
): Promise<EvidenceDescription> {
  const benches = (await link.benches()).filter(({ name }) => runs.some(({ statement }) => statement?.bench === name));
  await verifyAll(runs, benches);
  const keys = benches.map(({ name, publicKey }) => ({ name, publicKey }));
  const items: EvidenceItem[] = [
    jsonItem('campaign.json', 'verdicts', {
      campaign,
      runs: runs.map(({ run, attempts }) => ({ ...run, attempts })),
    }),
    jsonItem('benches.json', 'environment', keys),
    ...runs.flatMap(({ run, jws }): EvidenceItem[] =>
      jws === null ? [] : [{ path: `results/${run.number}.jws`, role: 'verdicts', content: Buffer.from(jws) }],
    ),
    ...files,
  ];
  const { passed, failed, error, ...open } = campaign.counts;
  return {
    kind: 'campaign',
    backend: runs.some(({ run }) => run.backend === 'hardware') ? 'hardware' : 'simulated',
    verdict:
      failed > 0
        ? 'FAIL'
        : error > 0
          ? 'ERROR'
          : open.cancelled + open.queued + open.running > 0
            ? 'INCONCLUSIVE'
            : 'PASS',
    subject: {
      campaign: `${campaign.id} ${campaign.name}`,
      runs: `${runs.length}, ${passed} passed, ${failed} failed, ${error} errors`,
    },
    items,
  };
}

/** What a bench signed is looked at again, by whoever exports it. @throws {CannotRun} */
async function verifyAll(runs: readonly JudgedRun[], benches: readonly BenchSummary[]): Promise<void> {
  const keys = new Map(benches.map(({ name, publicKey }) => [name, publicKey]));
  for (const { run, jws, statement } of runs) {
    if (jws === null || statement === null) continue;
    const key = keys.get(statement.bench);
    try {
      if (key === undefined) throw new Error('no key');
      await readSigned(jws, key);
    } catch (cause) {
      throw new CannotRun(
        `the result of run ${run.number} is not signed by bench ${shown(statement.bench)}: no bundle was made`,
        { cause },
      );
    }
  }
}

/** Each file once, under its hash, and how many are not there any more. */
async function filesOf(
  link: PersonLink,
  runs: readonly JudgedRun[],
): Promise<{ readonly items: readonly EvidenceItem[]; readonly pruned: number }> {
  const blobs = new Map<string, ResultBlob>();
  for (const { statement } of runs) for (const blob of statement?.blobs ?? []) blobs.set(blob.sha256, blob);
  const items: EvidenceItem[] = [];
  let pruned = 0;
  for (const { sha256, role } of blobs.values()) {
    try {
      const content = await link.download(sha256);
      items.push({ path: `files/${sha256}`, role: role === 'trace' ? 'trace' : 'report', content });
    } catch (error) {
      if (!(error instanceof LabRefused && error.code === 'blob-unknown')) throw error;
      pruned++;
    }
  }
  return { items, pruned };
}
