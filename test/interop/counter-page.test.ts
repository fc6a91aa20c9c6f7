import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { addCounterRoutes } from '../../rig/life/counter/page-routes.ts';
import { addPage } from '../../rig/web/page-files.ts';
import { CounterDouble, GOOD_CODE, READING_OF_DOUBLE } from '../rig/life/counter/counter-double.ts';
import { type Served, serve } from '../rig/web/served.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, tabTo, VIEWS, type View, withServedPage } from './served-page.ts';

const DESK: View = { width: 1280, height: 900, colorScheme: 'light' };
const REFUSED_ANSWER = /^Failed to load resource: the server responded with a status of 4\d\d/;

describeNeeds(['chromium'], 'the page of the counter in Chromium', () => {
  let browser: Browser;
  let counter: CounterDouble;
  let at: Served;
  beforeAll(async () => {
    browser = await launchChromium(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']);
  }, 120_000);
  afterAll(() => browser?.close());
  beforeEach(async () => {
    counter = new CounterDouble();
    at = await serve(({ app }) => {
      addPage(app, join(PACKAGE_ROOT, 'dist', 'rig', 'life', 'pages', 'counter'));
      addCounterRoutes(app, counter);
    });
  });
  afterEach(() => at.server.close());

  const open = (view: View, use: (page: Page) => Promise<void>, allowed: RegExp | null = null): Promise<void> =>
    withServedPage(browser, at.pageAddress(), view, use, allowed);

  /** As a scanner that types: the line, and Enter. */
  async function scan(page: Page, label: string, text: string): Promise<void> {
    await page.getByRole('textbox', { name: label }).focus();
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  }

  const SCANNED = 'Line of a scanner, or pasted text';

  it.each(VIEWS)('looks right with nobody and with a family: $width $colorScheme', async (view) => {
    const french = view.locale === 'fr-FR';
    await open(view, async (page) => {
      await page.getByRole('heading', { name: french ? 'Qui est là' : 'Who is here' }).waitFor();
      await looksRight(page);
      await scan(page, french ? 'Ligne d’un lecteur, ou texte collé' : SCANNED, GOOD_CODE);
      await page.getByRole('heading', { name: /ZOE ADRUN/ }).waitFor();
      const warned = french ? 'La liste d’états n’a pas été redemandée.' : 'The list of states was not asked for anew.';
      await page.getByText(`${warned} (no answer)`).waitFor();
      await looksRight(page);
      await page.getByRole('button', { name: french ? 'Envoyer' : 'Send the claim' }).click();
      await page
        .getByText(french ? 'Valeur incorrecte.' : 'Not as it must be.')
        .first()
        .waitFor();
      await looksRight(page);
    });
  });

  it('a scanner’s line: who is here, rights, since when, how old the list; the line does not stay in the field', async () => {
    await open(DESK, async (page) => {
      await scan(page, SCANNED, GOOD_CODE);
      await page.getByRole('heading', { name: 'ZOE ADRUN · insured' }).waitFor();
      await page.getByText('2 75 12 63 220 749, key 74').waitFor();
      await page.getByText('Rights open on 29 Nov 2026').waitFor();
      await page.getByText('Rights not open on 29 Nov 2026').waitFor();
      await page.getByText('told by the issuer').waitFor();
      await page.getByText('3 h old: too old').waitFor();
      expect(await page.getByRole('textbox', { name: SCANNED }).inputValue()).toBe('');
      expect(await page.title()).toBe('Counter (test)');
      await page.getByRole('button', { name: 'Next person' }).click();
      await page.getByText('Nobody yet.').waitFor();
      expect(await page.content()).not.toContain('ADRUN');
    });
  });

  it('a refused code is said in words, and whoever was shown before goes', async () => {
    await open(
      DESK,
      async (page) => {
        await scan(page, SCANNED, GOOD_CODE);
        await page.getByRole('heading', { name: /ZOE/ }).waitFor();
        await scan(page, SCANNED, 'VP1:USED');
        await page.getByRole('alert').filter({ hasText: 'was used already' }).waitFor();
        expect(await page.content()).not.toContain('ADRUN');
      },
      REFUSED_ANSWER,
    );
  });

  it('a reading of somebody refused shows the checks and nobody', async () => {
    counter.reading = {
      ...READING_OF_DOUBLE,
      people: [],
      affiliation: null,
      followUp: null,
      activation: { ...READING_OF_DOUBLE.activation, state: 'revoked' },
    };
    await open(DESK, async (page) => {
      await scan(page, SCANNED, GOOD_CODE);
      await page.getByText('Refused: nobody is shown.').waitFor();
      await page.getByText('Activation: revoked').waitFor();
      expect(await page.getByRole('heading', { name: 'Claim' }).count()).toBe(0);
    });
  });

  it('from the scan to the claim by keyboard alone', async () => {
    await open(DESK, async (page) => {
      await page.getByRole('heading', { name: 'Who is here' }).waitFor();
      await tabTo(page, SCANNED);
      await page.keyboard.type(GOOD_CODE);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: /ZOE/ }).waitFor();
      for (const [label, text] of [
        ['Invoice number', '123456789'],
        ['Your number', '991234567'],
        ['Your name', 'CABINET DES TILLEULS'],
        ['Compulsory insurance (AMO)', '19,00'],
        ['Complementary insurance (AMC)', '9'],
        ['Patient’s part', '2.05'],
      ] as const) {
        await tabTo(page, label);
        await page.keyboard.type(text);
      }
      await page.getByText('Total: €30.05').waitFor();
      await page.keyboard.press('Enter');
      await page.getByText('The claim was sent.').waitFor();
      await page.getByText('123456789 · 29 Nov 2026').waitFor();
      expect(counter.heard.at(-1)).toEqual([
        {
          number: '123456789',
          date: '20261129',
          beneficiaryIndex: 1,
          professionalId: '991234567',
          professionalName: 'CABINET DES TILLEULS',
          total: 3005,
          amo: 1900,
          amc: 900,
          patient: 205,
          thirdParty: false,
        },
        'reading-1',
      ]);
    });
  });

  it('a claim that waits is sent from the queue', async () => {
    counter.queue.push({
      requestId: 'r',
      number: '123456789',
      date: '20261129',
      total: 3000,
      state: 'waiting',
      problem: { code: 'issuer-silent', message: 'the issuer gives no answer' },
    });
    await open(DESK, async (page) => {
      await page.getByText('The issuer gives no answer.').waitFor();
      counter.damaged.push('r.json');
      await page.getByText('The file r.json of the queue is damaged').waitFor();
      await page.getByRole('button', { name: 'Français' }).click();
      await page.getByText('L’émetteur ne répond pas.').waitFor();
      await page.getByText('Le fichier r.json de la file est abîmé').waitFor();
      await looksRight(page);
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('button', { name: 'Send what waits' }).click();
      await page.getByText('sent', { exact: true }).waitFor();
    });
  });

  it('a tap: the number is checked, then the card is read; its claim needs a new consent and number', async () => {
    await open(DESK, async (page) => {
      await page.getByRole('button', { name: 'Read the card' }).click();
      await page.getByText('The number has 6 digits.').waitFor();
      await page.getByRole('textbox', { name: 'Number on the phone' }).fill('161803');
      await page.getByRole('checkbox', { name: 'Also read the invoices' }).check();
      await page.getByRole('button', { name: 'Read the card' }).click();
      await page.getByText('read from the card').waitFor();
      expect(counter.heard).toEqual([{ can: '161803', invoices: true }]);
      await page.getByText('Needs a new consent on the phone').waitFor();
    });
  });

  it('a picture file goes to the server, and one that is too large does not', async () => {
    await open(DESK, async (page) => {
      const chooser = page.getByLabel('Or a picture of the code');
      await chooser.setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: Buffer.alloc(5_000_001) });
      await page.getByText('The picture is larger than 5 MB.').waitFor();
      await chooser.setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: Buffer.alloc(4_900_000) });
      await page.getByRole('heading', { name: /ZOE/ }).waitFor();
      expect(counter.heard).toEqual([4_900_000]);
    });
  });

  it('the camera is there where the browser reads codes, and is let go after one', async () => {
    await open(DESK, async (page) => {
      await page.getByRole('heading', { name: 'Who is here' }).waitFor();
      expect(await page.getByRole('button', { name: 'Use the camera' }).count()).toBe(0);
    });
    const context = await browser.newContext({ locale: 'en-GB', permissions: ['camera'] });
    try {
      const page = await context.newPage();
      // Chromium without a screen has cameras (of its own making) and no detector.
      await page.addInitScript(`window.BarcodeDetector = class {
        async detect(video) { return video.videoWidth > 0 ? [{ rawValue: '${GOOD_CODE}' }] : []; }
      };`);
      await page.goto(at.pageAddress());
      await page.getByRole('button', { name: 'Use the camera' }).click();
      await page.getByRole('heading', { name: /ZOE/ }).waitFor();
      expect(counter.heard).toEqual([GOOD_CODE]);
      expect(await page.locator('video').count()).toBe(0);
    } finally {
      await context.close();
    }
  });
});
