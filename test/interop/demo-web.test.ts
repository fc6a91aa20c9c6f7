import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeNeeds } from './real-parts.ts';
import { launchChromium } from './served-page.ts';
import { type ServedVerb, startServing } from './served-verb.ts';

describeNeeds(['chromium'], '`vitap demo --web` in Chromium', () => {
  let browser: Browser;
  let served: ServedVerb | null = null;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 120_000);
  afterEach(() => void served?.child.kill('SIGKILL'));
  afterAll(() => browser?.close());

  it('serves phone and counter side by side, and ends with Ctrl-C', { timeout: 120_000 }, async () => {
    served = await startServing(['demo', '--web']);
    const addressOf = (what: string): string | undefined =>
      new RegExp(`^${what}: (http://\\S+)$`, 'm').exec(served?.printed() ?? '')?.[1];
    await expect
      .poll(() => addressOf('the phone') !== undefined && addressOf('the counter') !== undefined, { timeout: 30_000 })
      .toBe(true);
    expect(served.printed()).toMatch(/the ticket for the activation: application:/);
    for (const [what, heading] of [
      ['the phone', 'No card yet'],
      ['the counter', 'Who is here'],
    ] as const) {
      const page = await browser.newPage({ locale: 'en-GB' });
      await page.goto(addressOf(what)!);
      await page.getByRole('heading', { name: heading }).waitFor();
      await page.close();
    }
    expect(await served.interrupt()).toBe(130);
  });
});
