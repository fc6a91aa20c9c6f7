import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SubmittedRun } from '../../rig/lab/api/campaign.ts';
import { enrolBench, heartbeat, quarantine } from '../../rig/lab/store/benches.ts';
import { storeBlob } from '../../rig/lab/store/blobs.ts';
import { recordResult } from '../../rig/lab/store/record.ts';
import { openLabStore } from '../../rig/lab/store/store.ts';
import { submitCampaign } from '../../rig/lab/store/submit.ts';
import { takeRun } from '../../rig/lab/store/take.ts';
import { LOOPBACK, newKey, RUN, sha256, signed, statementFor, testKey } from '../rig/lab/store/lab-in-test.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, tabTo, VIEWS, withServedPage } from './served-page.ts';
import { type ServedVerb, startServing } from './served-verb.ts';

/** What a report may hold; shown as text it does nothing. */
const MARKUP = '<img src=x onerror=alert(1)>';

describeNeeds(['chromium'], 'the page of the lab in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-page-'));
  let browser: Browser;
  let served: ServedVerb;
  beforeAll(async () => {
    const lab = join(folder, 'lab');
    await fill(lab);
    browser = await launchChromium();
    served = await startServing(['lab', 'serve', lab, '--port', '0', '--quiet']);
  }, 180_000);
  afterAll(async () => {
    served?.child.kill('SIGKILL');
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Two cards and two suites; one run failed, one passed, the others wait; one bench is in quarantine. */
  async function fill(lab: string): Promise<void> {
    const fault = (error: unknown): void => {
      throw error;
    };
    const store = await openLabStore({ folder: lab, url: null, now: Date.now(), fault });
    const key = testKey();
    for (const name of ['bench-1', 'bench-2']) {
      await enrolBench(store, { name, publicKey: key.publicKey, interface: 1, version: '0.1.0' });
      const beat = { bench: name, clock: Date.now(), devices: [LOOPBACK], attempts: [], drift: null, spooled: 0 };
      await heartbeat(store, beat);
    }
    await quarantine(store, 'bench-2', 'its reader was changed');
    const runs: SubmittedRun[] = ['conform iso7816-4', 'bench tap'].flatMap((suite) =>
      ['vitale2', 'apcv'].map((subject) => ({ ...RUN, subject, suite })),
    );
    const submission = { name: 'nightly', source: '', runs, dryRun: false, attempts: 3, key: newKey() };
    await submitCampaign(store, submission, Date.now());
    const report = Buffer.from(`<h1>${MARKUP}</h1>`);
    const hash = sha256(report);
    await storeBlob(
      store,
      hash,
      (async function* () {
        yield report;
      })(),
    );
    for (const verdict of ['failed', 'passed'] as const) {
      const taken = await takeRun(store, 'bench-1', ['loopback']);
      if (taken === null) throw new Error('no run waits');
      const blob = {
        role: 'html',
        name: 'report.html',
        sha256: hash,
        bytes: report.length,
        mediaType: 'text/html',
      } as const;
      const statement = statementFor('bench-1', taken, {
        ...{ verdict, reason: verdict === 'failed' ? MARKUP : '', blobs: [blob], figures: { 'tap.p50.ms': 12.5 } },
        cases: [{ id: 'SEL-001', verdict: verdict === 'failed' ? 'fail' : 'pass', reason: '6A82 came' }],
      });
      await recordResult(store, taken.attempt, await signed(statement, key));
    }
    await store.close();
  }

  it.each(VIEWS)('looks right: $width $colorScheme', { timeout: 60_000 }, async (view) => {
    const french = view.locale === 'fr-FR';
    await withServedPage(browser, served.address, view, async (page) => {
      await page.getByRole('button', { name: french ? 'Campagne 1' : 'Campaign 1: nightly' }).click();
      await page.getByRole('button', { name: french ? /échoués/ : '1 failed' }).waitFor();
      await looksRight(page);
      await page.getByRole('button', { name: french ? /échoués/ : '1 failed' }).click();
      await page.getByRole('button', { name: french ? 'Passage 1,' : 'Run 1,' }).click();
      await page.getByText('SEL-001').waitFor();
      await looksRight(page);
      await page.getByRole('button', { name: french ? 'Bancs' : 'Benches' }).click();
      await page.getByText('its reader was changed').waitFor();
      await looksRight(page);
    });
  });

  it('by keyboard alone: search, the run, its markup as text; its report is saved and not shown', {
    timeout: 60_000,
  }, async () => {
    await withServedPage(browser, served.address, VIEWS[0]!, async (page) => {
      await tabTo(page, 'Search');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Words');
      await page.keyboard.type('onerror');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Run 1, repetition 1: failed' }).waitFor();
      await tabTo(page, /^Run 1,/);
      await page.keyboard.press('Enter');
      await page.getByText(`failed: ${MARKUP}`).waitFor();
      expect(await page.locator('img').count()).toBe(0);
      await page.getByText('Cases that did not pass: 1 of 1').waitFor();
      await tabTo(page, 'Download report.html');
      const saved = page.waitForEvent('download');
      await page.keyboard.press('Enter');
      expect((await saved).suggestedFilename()).toBe('report.html');
    });
  });

  it('lets a bench back, and cancels a campaign after a second question', { timeout: 60_000 }, async () => {
    await withServedPage(browser, served.address, VIEWS[0]!, async (page) => {
      await page.getByRole('button', { name: 'Benches' }).click();
      await page.getByRole('button', { name: 'Let bench-2 back' }).click();
      await page.getByText('its reader was changed').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Campaigns' }).click();
      await page.getByRole('button', { name: 'Campaign 1: nightly' }).click();
      await page.getByRole('button', { name: 'Cancel what waits and runs' }).click();
      await page.getByRole('button', { name: 'Cancel them, really' }).click();
      await page.getByText('1 failed, 2 cancelled, 1 passed').first().waitFor();
      await page.getByRole('button', { name: 'Cancel them' }).waitFor({ state: 'detached' });
    });
  });

  it('a viewer sees, and is refused what is an operator’s', { timeout: 60_000 }, async () => {
    const { origin, hash } = new URL(served.address);
    const answer = await fetch(`${origin}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${hash.slice(1)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'shift', role: 'viewer' }),
    });
    const { token } = (await answer.json()) as { token: string };
    await withServedPage(
      browser,
      `${origin}/#${token}`,
      VIEWS[0]!,
      async (page) => {
        await page.getByRole('button', { name: 'Campaign 1: nightly' }).waitFor();
        expect(
          await page.evaluate(`fetch('/v1/campaigns/1/cancel', { method: 'POST' }).then((answer) => answer.status)`),
        ).toBe(401);
      },
      /401/,
    );
  });
});
