import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { ADRUN, ZOE } from '../rig/life/issuer/people.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, type View, withServedPage } from './served-page.ts';
import { type ServedVerb, startServing } from './served-verb.ts';

const PHONE: View = { width: 390, height: 844, colorScheme: 'light' };
const DESK: View = { width: 1280, height: 900, colorScheme: 'light' };
const CODE = '385127';
const REFUSED_ANSWER = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** A port that nobody has now; cards and lists name it. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describeNeeds(['chromium', 'zbarimg'], 'the story in the browser, with issuer, phone and counter as they are', () => {
  let browser: Browser;
  let folder: string;
  const running: ServedVerb[] = [];
  let issuer: ServedVerb;
  let phone: ServedVerb;
  let counter: ServedVerb;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-story-'));
    browser = await launchChromium();
    const registry = join(folder, 'issuer');
    const families = join(folder, 'families.jsonl');
    writeFileSync(families, `${JSON.stringify(ADRUN)}\n`);
    const origin = `http://127.0.0.1:${await freePort()}`;
    vitap('issuer', 'init', registry, '--origin', origin);
    vitap('issuer', 'insured', 'import', registry, families);
    issuer = await started('issuer', 'serve', registry, '--quiet');
    phone = await started('phone', 'serve', '--phone', join(folder, 'phone'), '--issuer', origin);
    const keys = join(registry, 'counter.keys.json');
    counter = await started(
      'counter',
      'serve',
      '--counter',
      join(folder, 'counter'),
      '--issuer',
      origin,
      '--keys',
      keys,
    );
  }, 180_000);
  afterAll(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function started(...args: readonly string[]): Promise<ServedVerb> {
    const verb = await startServing(args);
    running.push(verb);
    return verb;
  }

  function vitap(...args: readonly string[]): void {
    const ran = spawnSync(process.execPath, [join(PACKAGE_ROOT, 'bin', 'vitap.js'), ...args], { encoding: 'utf8' });
    expect({ status: ran.status, stderr: ran.stderr }).toMatchObject({ status: 0 });
  }

  async function ask(path: string, body: unknown): Promise<Record<string, unknown>> {
    const [at, secret] = issuer.address.split('/#') as [string, string];
    const answer = await fetch(`${at}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify(body),
    });
    const document = (await answer.json()) as Record<string, unknown>;
    expect({ path, status: answer.status, document }).toMatchObject({ status: 200 });
    return document;
  }

  /** By the way without a digital identity: pictures, and an operator who accepts. */
  async function ticketOfZoe(): Promise<string> {
    const file = Buffer.from('a synthetic picture').toString('base64');
    const { ticket } = await ask('/v1/applications', { identity: ZOE, files: { 'document-front': file, video: file } });
    const id = /app_[0-9a-f]{32}/.exec(String(ticket))?.[0];
    await ask(`/v1/operator/applications/${id}/decision`, { refuse: null });
    return String(ticket);
  }

  async function press(page: Page, ...names: readonly string[]): Promise<void> {
    for (const name of names) await page.getByRole('button', { name, exact: true }).click();
  }

  async function typeCode(page: Page, code: string): Promise<void> {
    await page.getByRole('group', { name: 'Keypad' }).waitFor();
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
  }

  /** What a scanner reads from the phone's screen. */
  async function scanned(page: Page): Promise<string> {
    await page.getByRole('img').waitFor();
    const picture = join(folder, 'screen.png');
    await page.screenshot({ path: picture });
    const read = spawnSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', picture], {
      encoding: 'utf8',
    });
    return read.stdout.trim();
  }

  it('activation with a weak code first, presence, claim, the invoice on the phone, and no name in its folder after the wipe', {
    timeout: 240_000,
  }, async () => {
    const ticket = await ticketOfZoe();
    await withServedPage(
      browser,
      phone.address,
      PHONE,
      async (page) => {
        await page.getByRole('textbox', { name: 'Ticket' }).fill(ticket);
        await page.getByRole('checkbox').check();
        await press(page, 'Continue');
        for (const code of ['311275', CODE]) {
          await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
          await typeCode(page, code);
          await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
          await typeCode(page, code);
          if (code !== CODE) await page.getByText('it is a birth date').waitFor();
        }
        await page.getByRole('heading', { name: 'Write the PUK down' }).waitFor({ timeout: 60_000 });
        await looksRight(page);
        await press(page, 'I have written it down', 'QR code', 'I agree');
        await typeCode(page, CODE);
        const presence = await scanned(page);
        expect(presence).toMatch(/^VP1:/);

        await withServedPage(browser, counter.address, DESK, async (desk) => {
          await desk.getByRole('textbox', { name: 'Line of a scanner, or pasted text' }).fill(presence);
          await desk.keyboard.press('Enter');
          await desk.getByRole('heading', { name: 'ZOÉ ADRUN · insured' }).waitFor();
          await desk.getByText('told by the issuer').waitFor();
          for (const [label, text] of [
            ['Invoice number', '123456789'],
            ['Your number', '991234567'],
            ['Your name', 'CABINET DES TILLEULS'],
            ['Compulsory insurance (AMO)', '19'],
            ['Complementary insurance (AMC)', '9'],
            ['Patient’s part', '2'],
          ] as const) {
            await desk.getByRole('textbox', { name: label }).fill(text);
          }
          await press(desk, 'Send the claim');
          await desk.getByText('The claim was sent.').waitFor();
        });

        await press(page, 'Stop', 'Settings', 'Ask the issuer');
        await page.getByText('The issuer has answered.').waitFor();
        await press(page, 'Invoices', 'Show invoices');
        await typeCode(page, CODE);
        await page.getByRole('heading', { name: 'CABINET DES TILLEULS' }).waitFor();
        await page.getByText('€30.00').waitFor();
      },
      REFUSED_ANSWER,
    );
    expect(await phone.interrupt()).toBe(130);
    vitap('phone', 'wipe', '--phone', join(folder, 'phone'));
    for (const name of readdirSync(join(folder, 'phone'))) {
      const bytes = readFileSync(join(folder, 'phone', name)).toString('latin1');
      for (const known of ['ADRUN', 'ECETINSI', 'TILLEULS', '2751263220749']) expect(bytes).not.toContain(known);
    }
  });
});
