import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { ADRUN } from '../rig/life/issuer/people.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, tabTo, type View, withServedPage } from './served-page.ts';
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
  const running: Pick<ServedVerb, 'child'>[] = [];
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
    const identity = `http://127.0.0.1:${await freePort()}`;
    vitap('identity', 'init', join(folder, 'identity'), '--origin', identity);
    running.push({ child: await startQuiet('identity', 'serve', join(folder, 'identity')) });
    running.push(await startServing(['issuer', 'serve', registry, '--identity', identity, '--quiet']));
    const phoneAt = ['--phone', join(folder, 'phone'), '--issuer', origin, '--identity', identity];
    phone = await started('phone', 'serve', ...phoneAt);
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

  /** A server that prints no address of a page. */
  async function startQuiet(...args: readonly string[]): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'bin', 'vitap.js'), ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  async function press(page: Page, ...names: readonly string[]): Promise<void> {
    for (const name of names) await page.getByRole('button', { name, exact: true }).click();
  }

  async function typeCode(page: Page, code: string): Promise<void> {
    await page.getByRole('group', { name: 'Keypad' }).waitFor();
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
  }

  /** Asks for the digital identity, agrees in the tab that opens, comes back in it, and closes it. */
  async function agreeByKeyboard(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Use my digital identity' }).waitFor();
    await tabTo(page, /^I agree that the issuer/);
    await page.keyboard.press('Space');
    await tabTo(page, 'Use my digital identity');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Go to the identity provider' }).waitFor();
    await tabTo(page, 'Go to the identity provider');
    const opens = page.context().waitForEvent('page');
    await page.keyboard.press('Enter');
    const tab = await opens;
    for (const [heading, button] of [
      ['Who are you?', 'Continue'],
      ['ZOE ADRUN', 'Agree and send'],
    ] as const) {
      await tab.getByRole('heading', { name: heading }).waitFor();
      await tabTo(tab, button);
      await tab.keyboard.press('Enter');
    }
    await tab.getByRole('heading', { name: 'Your identity was sent.' }).waitFor();
    await tabTo(tab, 'Back to the phone');
    await tab.keyboard.press('Enter');
    await tab.getByText('The phone has your answer.').waitFor();
    expect(new URL(tab.url()).origin).toBe(new URL(phone.address).origin);
    await tab.close();
  }

  /** The transaction code that the issuer has sent another way. */
  function letter(): string {
    const letters = join(folder, 'issuer', 'letters');
    const [name, ...more] = readdirSync(letters);
    expect(more).toEqual([]);
    return readFileSync(join(letters, String(name)), 'utf8').trim();
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

  it('identity and activation by keyboard with a weak code first, credential, presence, claim, the invoice on the phone, and no name in its folder after the wipe', {
    timeout: 240_000,
  }, async () => {
    await withServedPage(
      browser,
      phone.address,
      PHONE,
      async (page) => {
        await agreeByKeyboard(page);
        await page.getByText('Your identity was presented.').waitFor();
        await tabTo(page, /^I agree that the issuer/);
        await page.keyboard.press('Space');
        await tabTo(page, 'Continue');
        await page.keyboard.press('Enter');
        for (const code of ['311275', CODE]) {
          await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
          await typeCode(page, code);
          await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
          await typeCode(page, code);
          if (code !== CODE) await page.getByText('it is a birth date').waitFor();
        }
        await page.getByRole('heading', { name: 'Write the PUK down' }).waitFor({ timeout: 60_000 });
        await looksRight(page);
        await tabTo(page, 'I have written it down');
        await page.keyboard.press('Enter');

        await press(page, 'Settings');
        await page.getByRole('textbox', { name: 'Transaction code' }).fill(letter());
        await press(page, 'Get the credential');
        await typeCode(page, CODE);
        await page.getByText('On the card, good until').waitFor();

        await press(page, 'Show', 'QR code', 'I agree');
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
    vitap('phone', 'wipe', '--yes', '--phone', join(folder, 'phone'));
    for (const name of readdirSync(join(folder, 'phone'))) {
      const bytes = readFileSync(join(folder, 'phone', name)).toString('latin1');
      for (const known of ['ADRUN', 'ECETINSI', 'TILLEULS', '2751263220749']) expect(bytes).not.toContain(known);
    }
  });
});
