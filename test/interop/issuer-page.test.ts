import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { qrPng } from '../../rig/life/credential/qr-picture.ts';
import { commitActivation } from '../../rig/life/issuer/activation.ts';
import { enrol } from '../../rig/life/issuer/enrolment.ts';
import { openIssuer } from '../../rig/life/issuer/issuer-folder.ts';
import { ADRUN, deviceKey, holderKey, serial, ZOE } from '../rig/life/issuer/people.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, tabTo, VIEWS, withServedPage } from './served-page.ts';
import { type ServedVerb, startServing } from './served-verb.ts';

describeNeeds(['chromium'], 'the page of the issuer’s operator in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let served: ServedVerb;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-page-'));
    browser = await launchChromium();
    const issuer = join(folder, 'issuer');
    const families = join(folder, 'families.jsonl');
    writeFileSync(families, `${JSON.stringify(ADRUN)}\n`);
    vitap('issuer', 'init', issuer, '--departments', '75');
    vitap('issuer', 'insured', 'import', issuer, families);
    await activateZoe(issuer);
    served = await startServing(['issuer', 'serve', issuer, '--port', '0', '--quiet']);
  }, 120_000);
  afterAll(async () => {
    served?.child.kill('SIGKILL');
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function vitap(...args: readonly string[]): void {
    const ran = spawnSync(process.execPath, [join(PACKAGE_ROOT, 'bin', 'vitap.js'), ...args], { encoding: 'utf8' });
    expect({ status: ran.status, stderr: ran.stderr }).toMatchObject({ status: 0 });
  }

  /** Before the server has the folder. */
  async function activateZoe(issuer: string): Promise<void> {
    const now = Date.now();
    const { store } = await openIssuer(issuer, now);
    const { activationId } = await enrol(store, { identity: ZOE, deviceKey: deviceKey('A'), now });
    const card = { holderKey: holderKey(1), cardSerial: serial(1), cardSecurity: Uint8Array.of(0x30) };
    await commitActivation(store, { activationId, deviceKey: deviceKey('A'), ...card, now });
    await store.sql.close();
  }

  /** As a person without a digital identity does. */
  async function sendApplication(): Promise<void> {
    const picture = Buffer.from(qrPng('A SYNTHETIC DOCUMENT')).toString('base64');
    const body = {
      identity: ZOE,
      files: { 'document-front': picture, video: Buffer.from('video').toString('base64') },
    };
    const answer = await fetch(new URL('/v1/applications', served.address), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  }

  it.each(VIEWS)('looks right: $width $colorScheme', async (view) => {
    const french = view.locale === 'fr-FR';
    await withServedPage(browser, served.address, view, async (page) => {
      await page.getByRole('heading', { name: french ? 'Registre' : 'Registry' }).waitFor();
      await page.getByText(french ? /^75, depuis/ : /^75, since/).waitFor();
      await looksRight(page);
    });
  });

  it('an application: its picture is looked at, it is accepted, and its files are gone', async () => {
    await sendApplication();
    await withServedPage(browser, served.address, VIEWS[0]!, async (page) => {
      await page.getByRole('button', { name: 'Document, front' }).click();
      const picture = page.getByRole('img', { name: 'Document, front' });
      await picture.waitFor();
      await expect.poll(() => page.evaluate('document.querySelector("img").naturalWidth')).toBeGreaterThan(0);
      await looksRight(page);
      await page.getByRole('button', { name: 'Video' }).click();
      await page.getByText('Video: 5 bytes').waitFor();
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByText('The application is accepted').waitFor();
      await page.getByText('No application waits.').waitFor();
      expect(await page.content()).not.toContain('blob:');
    });
    const left = readdirSync(join(folder, 'issuer'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /document-front|video/.test(name))).toEqual([]);
  });

  it('a card: its phone is allowed another offer; it is ended when that was confirmed; nobody is named', async () => {
    await withServedPage(browser, served.address, VIEWS[2]!, async (page) => {
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByText(/^Card 1: active, since/).waitFor();
      expect(await page.content()).not.toMatch(/ADRUN|2751263220749/);
      await page.getByRole('button', { name: 'Allow another offer' }).click();
      await page.getByText('may ask for its credential once more').waitFor();
      await page.getByRole('button', { name: 'It is lost' }).click();
      await page.getByText('End this card for good?').waitFor();
      await looksRight(page);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText(/^Card 1: active, since/).waitFor();
      await page.getByRole('button', { name: 'It is lost' }).click();
      await page.getByRole('button', { name: 'OK' }).click();
      await page.getByText(/^Card 1: revoked \(lost\), since/).waitFor();
      await page.getByText('The phone has not wiped it yet.').waitFor();
      expect(await page.getByRole('button', { name: 'It is lost' }).count()).toBe(0);
    });
  });

  it('a refusal with its reason, and departments, by keyboard alone', async () => {
    await sendApplication();
    await withServedPage(browser, served.address, VIEWS[0]!, async (page) => {
      await page.getByRole('button', { name: 'Refuse' }).waitFor();
      await tabTo(page, 'Reason of a refusal');
      await page.keyboard.press('ArrowDown');
      await tabTo(page, 'Refuse');
      await page.keyboard.press('Enter');
      await page.getByText('The application is refused').waitFor();
      await tabTo(page, 'Department');
      await page.keyboard.type('2a');
      await page.keyboard.press('Enter');
      await page.getByText(/^2A, since/).waitFor();
      await tabTo(page, 'Close 2A');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.getByText(/^2A, since/).count()).toBe(0);
    });
  });
});
