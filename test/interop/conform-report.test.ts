import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { conform } from '../../rig/judge/conform/conform.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['chromium'], 'a conformance report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-conform-report-'));
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('stands by itself, complains of nothing, and opens a case with the keyboard', async () => {
    const file = join(folder, 'report.html');
    const options = {
      suite: 't4t',
      reader: { driver: 'loopback' },
      card: { kind: 'profile', name: 'ndef' },
      interface: null,
      declare: null,
      only: null,
      list: false,
      coverage: false,
      destructive: false,
      json: null,
      junit: null,
      html: file,
      timeoutMs: 10_000,
    } as const;
    expect(await conform(options, fakeIo())).toBe(0);

    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    const [complaints, requests]: [string[], string[]] = [[], []];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);

    expect(await page.locator('h1').textContent()).toContain('26 cases passed');
    const first = page.locator('details.item').first();
    expect(await first.getAttribute('open')).toBeNull();
    await first.locator('summary').focus();
    await page.keyboard.press('Enter');
    expect(await first.getAttribute('open')).not.toBeNull();
    const widths = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
    expect((widths as [number, number])[0]).toBeLessThanOrEqual((widths as [number, number])[1]);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([pathToFileURL(file).href]);
  });
});
