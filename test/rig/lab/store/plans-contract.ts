import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FilledStore, fillStore, runId } from '../../../../rig/lab/measure/fill-store.ts';
import { GROWTH_QUESTIONS } from '../../../../rig/lab/measure/growth-questions.ts';
import { WaitingBenches } from '../../../../rig/lab/server/waiting-benches.ts';
import { quarantineDrifting } from '../../../../rig/lab/store/benches.ts';
import { cancelCampaign, endCampaigns } from '../../../../rig/lab/store/campaigns.ts';
import { runsOfCase } from '../../../../rig/lab/store/cases.ts';
import { compareCampaigns } from '../../../../rig/lab/store/compare.ts';
import { addUpCounts } from '../../../../rig/lab/store/counts.ts';
import { giveBackExpired } from '../../../../rig/lab/store/leases.ts';
import { pruneFiles } from '../../../../rig/lab/store/prune.ts';
import { type LabStore, openLabStore } from '../../../../rig/lab/store/store.ts';
import type { Sql, SqlValue, Statements } from '../../../../rig/store/sql.ts';

/** Tables that grow with every run. */
const LARGE = [
  'lab_runs',
  'lab_results',
  'lab_attempts',
  'lab_cases',
  'lab_blobs',
  'lab_blob_uses',
  'lab_cells',
  'job',
];

type Asked = { readonly text: string; readonly values: readonly SqlValue[] | undefined };
type Node = { readonly 'Node Type': string; readonly 'Relation Name'?: string; readonly Plans?: readonly Node[] };

/** No question that is asked again and again reads a whole table, on whatever database. */
export function plansContract(name: string, url: () => string | null): void {
  describe(name, () => {
    let folder: string;
    let filled: FilledStore;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'vitap-lab-plans-'));
      const fault = (error: unknown): void => {
        throw error;
      };
      const store = await openLabStore({ folder, url: url(), now: 1_764_000_000_000, fault });
      filled = await fillStore(store, { campaigns: 15, largest: 5000 }, new AbortController().signal);
    }, 300_000);
    afterAll(async () => {
      await filled?.store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Relations that a statement would read from end to end, with its values and without knowing them. */
    async function wholeReads({ text, values }: Asked): Promise<string[]> {
      const plans: Node[] = [];
      for (const mode of ['force_custom_plan', 'force_generic_plan']) {
        await filled.store.sql.transaction(async (within) => {
          await within.query(`set local plan_cache_mode = ${mode}`);
          const [row] = await within.query(`explain (format json) ${text}`, values);
          const [{ Plan }] = JSON.parse(String(row?.['QUERY PLAN'])) as [{ Plan: Node }];
          plans.push(Plan);
        });
      }
      return [...new Set(plans.flatMap(sequentialScans))];
    }

    it('the eye sees a whole table that is read', async () => {
      expect(await wholeReads({ text: 'select count(*) from lab_runs where work::text = $1', values: ['x'] })).toEqual([
        'lab_runs',
      ]);
    });

    it.each([
      ...GROWTH_QUESTIONS.map(({ name, ask }) => [name, ask] as const),
      ['what benches wait for', ({ store }: FilledStore) => new WaitingBenches(store, raise).next(700)] as const,
      ['leases given back', ({ store }: FilledStore) => giveBackExpired(store)] as const,
      [
        'two campaigns compared',
        ({ store }: FilledStore) =>
          compareCampaigns(store, { first: 3, second: 4, most: 500 }, new AbortController().signal),
      ] as const,
      [
        'runs of a case',
        ({ store }: FilledStore) => runsOfCase(store, { id: 'SEL-1', campaign: 5, after: null }),
      ] as const,
      [
        'runs of a case, further on',
        ({ store }: FilledStore) => runsOfCase(store, { id: 'SEL-1', campaign: 1, after: runId(3000) }),
      ] as const,
      [
        'runs of a case in all campaigns',
        ({ store }: FilledStore) => runsOfCase(store, { id: 'SEL-1', campaign: null, after: null }),
      ] as const,
      [
        'runs of no case',
        ({ store }: FilledStore) => runsOfCase(store, { id: 'none', campaign: 5, after: null }),
      ] as const,
      ['ends of campaigns', ({ store }: FilledStore) => endCampaigns(store)] as const,
      ['benches that drift', ({ store }: FilledStore) => quarantineDrifting(store)] as const,
      ['counts that are added up', ({ store }: FilledStore) => addUpCounts(store)] as const,
      [
        'files that are dropped',
        ({ store }: FilledStore) => pruneFiles(store, { olderThanDays: 36_500, dryRun: false, after: null }),
      ] as const,
      ['a campaign that is cancelled', ({ store }: FilledStore) => cancelCampaign(store, 16)] as const,
    ])(
      '%s: by indexes',
      async (_name, ask) => {
        const asked: Asked[] = [];
        const store: LabStore = { ...filled.store, sql: listening(filled.store.sql, asked) };
        await ask({ ...filled, store }, 1);
        expect(asked.length).toBeGreaterThan(0);
        for (const each of asked) expect([each.text, await wholeReads(each)]).toEqual([each.text, []]);
      },
      60_000,
    );
  });
}

function raise(error: unknown): never {
  throw error;
}

function sequentialScans(node: Node): string[] {
  const relation = node['Relation Name'] ?? '';
  const own = node['Node Type'] === 'Seq Scan' && LARGE.includes(relation) ? [relation] : [];
  return [...own, ...(node.Plans ?? []).flatMap(sequentialScans)];
}

/** A database that keeps what it was asked. */
function listening(sql: Sql, asked: Asked[]): Sql {
  const heard = (statements: Statements): Statements => ({
    query(text, values) {
      asked.push({ text, values });
      return statements.query(text, values);
    },
  });
  return {
    ...{ kind: sql.kind, location: sql.location },
    query: heard(sql).query,
    transaction: (work) => sql.transaction((within) => work(heard(within))),
    script: (statements) => sql.script(statements),
    close: () => sql.close(),
  };
}
