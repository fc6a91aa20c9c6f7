import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, withServedPage } from './served-page.ts';
import { type ServedVerb, startServing } from './served-verb.ts';

describeNeeds(['chromium'], '`vitap counter serve` in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let served: ServedVerb | null = null;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-counter-serve-'));
    browser = await launchChromium();
  }, 120_000);
  afterEach(() => void served?.child.kill('SIGKILL'));
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads the card in the reader after a wrong number and a right one, and ends with Ctrl-C', async () => {
    served = await startServing(
      [
        'counter',
        'serve',
        '--counter',
        join(folder, 'counter'),
        '--profile',
        'apcv',
        '--keys',
        'test',
        '--accept-unchecked',
      ],
      { VITAP_PIN: '274916' },
    );
    await withServedPage(
      browser,
      served.address,
      { width: 1280, height: 900, colorScheme: 'light', locale: 'fr-FR' },
      async (page) => {
        const can = page.getByRole('textbox', { name: 'Numéro affiché par le téléphone' });
        const read = page.getByRole('button', { name: 'Lire la carte' });
        await can.fill('161804');
        await read.click();
        await page.getByText('Le numéro d’accès est faux.').waitFor();
        await can.fill('161803');
        await read.click();
        await page.getByRole('heading', { name: 'ZOE ADRUN · assuré(e)' }).waitFor();
        await page.getByText('lu dans la carte').waitFor();
        await page.getByRole('textbox', { name: 'Ligne d’un lecteur, ou texte collé' }).fill('HC1:ABC');
        await page.keyboard.press('Enter');
        await page.getByText('Ce QR code est d’une autre sorte.').waitFor();
        expect(await page.content()).not.toContain('ADRUN');
      },
      /^Failed to load resource: the server responded with a status of 4\d\d/,
    );
    expect(await served.interrupt()).toBe(130);
  });
});
