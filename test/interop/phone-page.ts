import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { RETURNED_PATH } from '../../rig/life/pages/phone/view.ts';
import { addPhoneRoutes } from '../../rig/life/phone/page-routes.ts';
import { addPage } from '../../rig/web/page-files.ts';
import { PhoneDouble } from '../rig/life/phone/phone-double.ts';
import { type Served, serve } from '../rig/web/served.ts';
import { launchChromium, type View, withServedPage } from './served-page.ts';

export const DESK: View = { width: 1280, height: 900, colorScheme: 'light' };
export const PHONE: View = { width: 390, height: 844, colorScheme: 'light' };
/** What Chromium says of an answer that refuses. */
export const REFUSED_ANSWER: RegExp = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** The page of a phone in Chromium; the phone is another one in each test. */
export interface PhonePage {
  readonly browser: Browser;
  /** For files of all tests. */
  readonly folder: string;
  readonly phone: PhoneDouble;
  readonly at: Served;
  /** @param allowed what the page may complain of */
  open(view: View, use: (page: Page) => Promise<void>, allowed?: RegExp | null): Promise<void>;
}

export function phonePage(): PhonePage {
  let browser: Browser;
  let folder: string;
  let phone: PhoneDouble;
  let at: Served;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-phone-page-'));
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    phone = new PhoneDouble();
    at = await serve(({ app }) => {
      addPage(app, join(PACKAGE_ROOT, 'dist', 'rig', 'life', 'pages', 'phone'), [RETURNED_PATH]);
      addPhoneRoutes(app, phone);
    });
  });
  afterEach(() => at.server.close());
  return {
    get browser() {
      return browser;
    },
    get folder() {
      return folder;
    },
    get phone() {
      return phone;
    },
    get at() {
      return at;
    },
    open: (view, use, allowed = null) => withServedPage(browser, at.pageAddress(), view, use, allowed),
  };
}

/** Presses buttons by their names. */
export async function press(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) await page.getByRole('button', { name, exact: true }).click();
}

export async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByRole('group', { name: 'Keypad' }).waitFor();
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
}

/** Chooses a code: typed, and typed again. */
export async function chooseCode(page: Page, code: string, again: string = code): Promise<void> {
  await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
  await typeCode(page, code);
  await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
  await typeCode(page, again);
}
