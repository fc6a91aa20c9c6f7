import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import { shown } from '../../console/shown.ts';
import type { EvidenceDescription, EvidenceItem } from '../../judge/evidence/bundle.ts';
import { jsonItem } from '../../judge/evidence/plan.ts';
import { MOST_FILES } from '../../judge/evidence/verify.ts';
import { counted } from '../../report/words.ts';
import type { BenchKey } from '../api/bench.ts';
import type { CampaignSummary } from '../api/campaign.ts';
import { LabRefused } from '../api/lab-refused.ts';
import type { PersonLink } from '../api/person-link.ts';
import type { ResultBlob } from '../api/result.ts';
import type { RunResult } from '../api/run.ts';
import { readSigned } from '../store/record.ts';
import type { JudgedRun } from './all-results.ts';

/** Manifest, signature, key, campaign, benches. */
const OWN_FILES = 5;

/** A campaign on its way into an evidence bundle: its files lie in a folder, and not in memory. */
export class CampaignBundle {
  readonly #link: PersonLink;
  readonly #folder: string;
  readonly #keys: ReadonlyMap<string, BenchKey>;
  readonly #benches = new Set<string>();
  readonly #blobs = new Map<string, ResultBlob['role']>();
  readonly #runs: Omit<RunResult, 'jws'>[] = [];
  readonly #results: EvidenceItem[] = [];

  /** @param folder of its own, which the caller takes away after the bundle is written */
  static async open(link: PersonLink, folder: string): Promise<CampaignBundle> {
    mkdirSync(join(folder, 'results'), { recursive: true, mode: 0o700 });
    mkdirSync(join(folder, 'files'), { mode: 0o700 });
    const keys = (await link.benches()).map(({ name, publicKey }) => [name, publicKey] as const);
    return new CampaignBundle(link, folder, new Map(keys));
  }

  private constructor(link: PersonLink, folder: string, keys: ReadonlyMap<string, BenchKey>) {
    this.#link = link;
    this.#folder = folder;
    this.#keys = keys;
  }

  /** What a bench signed is looked at again, by whoever exports it. @throws {CannotRun} */
  async add({ run, attempts, jws, statement }: JudgedRun): Promise<void> {
    this.#runs.push({ run, attempts });
    if (jws === null || statement === null) return;
    const { bench, blobs } = statement;
    try {
      const key = this.#keys.get(bench);
      if (key === undefined) throw new Error('no key');
      await readSigned(jws, key);
    } catch (cause) {
      throw new CannotRun(
        `the result of run ${run.number} is not signed by bench ${shown(bench)}: no bundle was made`,
        { cause },
      );
    }
    this.#benches.add(bench);
    for (const { sha256, role } of blobs) this.#blobs.set(sha256, role);
    const path = `results/${run.number}.jws`;
    const file = join(this.#folder, path);
    writeFileSync(file, jws, { mode: 0o600 });
    this.#results.push({ path, role: 'verdicts', content: { file } });
  }

  /**
   * Fetches the files.
   * @returns what goes into the bundle, and how many files were pruned and are not in it
   * @throws {CannotRun} more files than a bundle has
   */
  async describe(campaign: CampaignSummary): Promise<{ description: EvidenceDescription; pruned: number }> {
    const all = this.#results.length + this.#blobs.size + OWN_FILES;
    if (all > MOST_FILES) {
      throw new CannotRun(
        `a bundle of this campaign would have ${all} files, and one has ${MOST_FILES} at most: export it as JUnit or CSV`,
      );
    }
    const { items: files, pruned } = await this.#files();
    const keys = [...this.#benches].sort().map((name) => ({ name, publicKey: this.#keys.get(name) }));
    const runs = this.#runs.map(({ run, attempts }) => ({ ...run, attempts }));
    const { passed, failed, error } = campaign.counts;
    const description: EvidenceDescription = {
      kind: 'campaign',
      backend: this.#runs.some(({ run }) => run.backend === 'hardware') ? 'hardware' : 'simulated',
      verdict: verdictOf(campaign),
      subject: {
        campaign: `${campaign.id} ${campaign.name}`,
        runs: `${runs.length}, ${passed} passed, ${failed} failed, ${counted(error, 'error')}`,
      },
      items: [
        jsonItem('campaign.json', 'verdicts', { campaign, runs }),
        jsonItem('benches.json', 'environment', keys),
        ...this.#results,
        ...files,
      ],
    };
    return { description, pruned };
  }

  /** Each file once, under its hash. */
  async #files(): Promise<{ items: EvidenceItem[]; pruned: number }> {
    const items: EvidenceItem[] = [];
    let pruned = 0;
    for (const [sha256, role] of this.#blobs) {
      const path = `files/${sha256}`;
      const file = join(this.#folder, path);
      try {
        writeFileSync(file, await this.#link.download(sha256), { mode: 0o600 });
        items.push({ path, role: role === 'trace' ? 'trace' : 'report', content: { file } });
      } catch (error) {
        if (!(error instanceof LabRefused && error.code === 'blob-unknown')) throw error;
        pruned++;
      }
    }
    return { items, pruned };
  }
}

function verdictOf({ counts }: CampaignSummary): EvidenceDescription['verdict'] {
  const { failed, error, cancelled, queued, running } = counts;
  if (failed > 0) return 'FAIL';
  if (error > 0) return 'ERROR';
  return cancelled + queued + running > 0 ? 'INCONCLUSIVE' : 'PASS';
}
