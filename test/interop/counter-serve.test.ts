import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, withServedPage } from './served-page.ts';

/** What `vitap … serve` prints. */
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}/;

describeNeeds(['chromium'], '`vitap counter serve` in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let served: ChildProcess | null = null;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-counter-serve-'));
    browser = await launchChromium();
  }, 120_000);
  afterEach(() => void served?.kill('SIGKILL'));
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(...args: readonly string[]): Promise<{ child: ChildProcess; address: string }> {
    const child = spawn(
      process.execPath,
      [join(PACKAGE_ROOT, 'bin', 'vitap.js'), 'counter', 'serve', '--counter', join(folder, 'counter'), ...args],
      { env: { ...process.env, VITAP_PIN: '274916' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    served = child;
    let printed = '';
    for await (const chunk of child.stdout!) {
      printed += String(chunk);
      const found = ADDRESS.exec(printed);
      if (found !== null) return { child, address: found[0] };
    }
    throw new Error(`no address in: ${printed}`);
  }

  it('reads the card in the reader after a wrong number and a right one, and ends with Ctrl-C', async () => {
    const { child, address } = await start('--profile', 'apcv', '--keys', 'test', '--accept-unchecked');
    await withServedPage(
      browser,
      address,
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
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
  });
});
