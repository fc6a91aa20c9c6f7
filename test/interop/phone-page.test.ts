import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { RETURNED_PATH } from '../../rig/life/pages/phone/view.ts';
import { addPhoneRoutes } from '../../rig/life/phone/page-routes.ts';
import { addPage } from '../../rig/web/page-files.ts';
import {
  DOUBLE_CAN,
  DOUBLE_FLOW,
  DOUBLE_PUK,
  DOUBLE_TICKET,
  DOUBLE_TX_CODE,
  OFFLINE_TEXT,
  PhoneDouble,
  PRESENCE_TEXT,
} from '../rig/life/phone/phone-double.ts';
import { type Served, serve } from '../rig/web/served.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, tabTo, VIEWS, type View, withServedPage } from './served-page.ts';

const DESK: View = { width: 1280, height: 900, colorScheme: 'light' };
const PHONE: View = { width: 390, height: 844, colorScheme: 'light' };
const CREDENTIALS = {
  none: 'L’émetteur n’en a pas proposé.',
  offered: 'Elle attend chez l’émetteur',
  current: 'Dans la carte, valable jusqu’au',
  due: 'À renouveler',
} as const;
/** What Chromium says of an answer that refuses. */
const REFUSED_ANSWER = /^Failed to load resource: the server responded with a status of 4\d\d/;

describeNeeds(['chromium'], 'the page of the phone in Chromium', () => {
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

  const open = (view: View, use: (page: Page) => Promise<void>, allowed: RegExp | null = null): Promise<void> =>
    withServedPage(browser, at.pageAddress(), view, use, allowed);

  /** Presses buttons by their names. */
  async function press(page: Page, ...names: readonly string[]): Promise<void> {
    for (const name of names) await page.getByRole('button', { name, exact: true }).click();
  }

  async function typeCode(page: Page, code: string): Promise<void> {
    await page.getByRole('group', { name: 'Keypad' }).waitFor();
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
  }

  it.each(VIEWS)('looks right: $width $colorScheme', async (view) => {
    const french = view.locale === 'fr-FR';
    await open(view, async (page) => {
      const heading = page.getByRole('heading', { level: 1 });
      await expect
        .poll(() => heading.textContent())
        .toBe(french ? 'Carte de test sur ce téléphone' : 'Test card on this phone');
      expect(await page.getAttribute('html', 'lang')).toBe(french ? 'fr' : 'en');
      await page.getByRole('navigation').waitFor();
      await looksRight(page);
      await press(page, french ? 'QR code sans réseau' : 'QR code without network');
      await looksRight(page);
      await press(page, french ? 'J’accepte' : 'I agree');
      await page.getByRole('group', { name: french ? 'Clavier' : 'Keypad' }).waitFor();
      await looksRight(page);
      await page.keyboard.type('583104');
      await page.keyboard.press('Enter');
      await page.getByRole('img').waitFor();
      await looksRight(page);
    });
  });

  it('in French, in the dark, as wide as a phone: every screen looks right, and says nothing in English', async () => {
    phone.life = 'blank';
    phone.identity = 'none';
    const heading = (page: Page, name: string): Promise<void> => page.getByRole('heading', { name }).waitFor();
    const code = async (page: Page): Promise<void> => {
      await page.getByRole('group', { name: 'Clavier' }).waitFor();
      await page.keyboard.type('583104');
      await page.keyboard.press('Enter');
    };
    await open(
      VIEWS[3]!,
      async (page) => {
        await heading(page, 'Pas encore de carte');
        await press(page, 'Continuer');
        await page.getByText('Saisissez d’abord le ticket.').waitFor();
        await looksRight(page);
        await page.getByRole('textbox', { name: 'Ticket' }).fill('TICKET-2');
        await page.getByRole('checkbox').check();
        await press(page, 'Continuer');
        await page.getByText('Ce n’est pas un ticket d’identité ou de demande.').waitFor();
        await looksRight(page);
        await press(page, 'Utiliser mon identité numérique');
        await page.getByRole('link', { name: 'Aller au fournisseur d’identité' }).waitFor();
        await looksRight(page);
        phone.identity = 'refused';
        await page.getByText('Vous n’avez pas donné d’identité').waitFor();
        await looksRight(page);
        phone.identity = 'presented';
        await page.getByText('Votre identité est présentée.').waitFor();
        await looksRight(page);
        await page.getByRole('checkbox').check();
        await press(page, 'Continuer');
        await heading(page, 'Choisissez un code secret');
        await looksRight(page);
        await code(page);
        await heading(page, 'Saisissez encore le nouveau code');
        await code(page);
        await heading(page, 'Notez le PUK');
        await looksRight(page);
        await press(page, 'Je l’ai noté');
        phone.pukDue = true;
        await page.getByRole('button', { name: 'Afficher le PUK' }).waitFor();
        await looksRight(page);
        await press(page, 'Près d’un lecteur (NFC)');
        await looksRight(page);
        await press(page, 'J’accepte');
        await code(page);
        await heading(page, 'Approchez le téléphone du lecteur');
        await looksRight(page);
        await press(page, 'Arrêter', 'Factures', 'Afficher les factures');
        await code(page);
        await heading(page, 'CENTRE DU LAC D’ANNECY');
        await looksRight(page);
        for (const state of ['none', 'offered', 'current', 'due'] as const) {
          phone.held = { state, expiresAt: state === 'none' ? null : '2026-12-29T10:00:00.000Z' };
          await press(page, 'Réglages', 'Interroger l’émetteur');
          await page.getByText(CREDENTIALS[state]).waitFor();
          await looksRight(page);
        }
        await press(page, 'Demander un autre code');
        await page.getByText('Une offre est ouverte : utilisez son code de transaction.').waitFor();
        await looksRight(page);
        phone.triesLeft = 0;
        await press(page, 'Débloquer avec le PUK', 'Continuer');
        await page.getByText('Le PUK a de 6 à 12 chiffres.').waitFor();
        expect(await page.getByText('Une offre est ouverte').count()).toBe(0);
        await looksRight(page);
        phone.life = 'revoked';
        await heading(page, 'La carte n’existe plus');
        await looksRight(page);
      },
      REFUSED_ANSWER,
    );
  });

  it('changes its language at once, and keeps nothing of the choice', async () => {
    await open(DESK, async (page) => {
      await press(page, 'Français');
      await expect.poll(() => page.getAttribute('html', 'lang')).toBe('fr');
      await page.getByRole('button', { name: 'Présenter' }).waitFor();
    });
  });

  it('takes the secret out of the address, and says what is missing when it is loaded again', async () => {
    await open(DESK, async (page) => {
      await page.getByRole('navigation').waitFor();
      await page.reload();
      await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Open the printed address');
      await page.evaluate(`location.hash = ${JSON.stringify(at.server.secret)}`);
      await page.getByRole('navigation').waitFor();
    });
  });

  it('says so when the secret is of another start', async () => {
    const wrong = `${at.origin}/#${'A'.repeat(43)}`;
    await withServedPage(
      browser,
      wrong,
      DESK,
      async (page) => {
        await expect.poll(() => page.getByRole('alert').first().textContent()).toContain('started again');
      },
      REFUSED_ANSWER,
    );
  });

  it.each([
    ['QR code', PRESENCE_TEXT],
    ['QR code without network', OFFLINE_TEXT],
  ])('%s: by keyboard alone from the first to the last step', async (name) => {
    await open(PHONE, async (page) => {
      await page.getByRole('navigation').waitFor();
      await tabTo(page, name);
      await page.keyboard.press('Enter');
      await tabTo(page, 'I agree');
      await page.keyboard.press('Enter');
      await typeCode(page, '583104');
      await page.getByRole('img', { name: 'QR code for the professional’s scanner' }).waitFor();
      await page.getByRole('timer', { name: 'Time left' }).waitFor();
      await tabTo(page, 'Stop');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.getByRole('img').count()).toBe(0);
    });
  });

  it('has no digit of a code in the page, while it is typed and after', async () => {
    await open(PHONE, async (page) => {
      await press(page, 'QR code', 'I agree', '5', '8', '3', '1', '0', '4');
      await expect.poll(() => page.getByText('6 of 6 digits typed').count()).toBe(1);
      expect(await page.content()).not.toContain('583104');
      await press(page, 'OK');
      await page.getByRole('img').waitFor();
      expect(await page.content()).not.toContain('583104');
    });
  });

  it('a wrong code: refused in words, the tries that are left, and nothing shown', async () => {
    await open(
      PHONE,
      async (page) => {
        await press(page, 'QR code', 'I agree');
        await typeCode(page, '583105');
        await expect.poll(() => page.getByRole('alert').allTextContents()).toContain('The code is wrong.');
        await expect.poll(() => page.getByText('Tries left: 2').count()).toBe(1);
        expect(await page.getByRole('img').count()).toBe(0);
        await typeCode(page, '583104');
        await page.getByRole('img').waitFor();
      },
      REFUSED_ANSWER,
    );
  });

  it('the QR code goes when its time is over', async () => {
    phone.qrMs = 1200;
    await open(PHONE, async (page) => {
      await press(page, 'QR code', 'I agree');
      await typeCode(page, '583104');
      await page.getByRole('img').waitFor();
      await page.getByText('The code has run out and is gone.').waitFor();
      expect(await page.getByRole('img').count()).toBe(0);
    });
  });

  it('the QR code goes when the page goes out of sight', async () => {
    await open(PHONE, async (page) => {
      await press(page, 'QR code', 'I agree');
      await typeCode(page, '583104');
      await page.getByRole('img').waitFor();
      // Chromium without a screen hides no page by itself.
      await page.evaluate(`(() => {
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      })()`);
      await expect.poll(() => page.getByRole('img').count()).toBe(0);
      await page.evaluate(`(() => {
        delete document.hidden;
        document.dispatchEvent(new Event('visibilitychange'));
      })()`);
      await page.getByText('The code was taken off the screen').waitFor();
    });
  });

  it('near a reader: the number and the time, until it is stopped or over', async () => {
    await open(PHONE, async (page) => {
      await press(page, 'Near a reader (NFC)', 'I agree');
      await typeCode(page, '583104');
      await page.getByRole('heading', { name: 'Hold the phone near the reader' }).waitFor();
      await page.getByText(`${DOUBLE_CAN.slice(0, 3)} ${DOUBLE_CAN.slice(3)}`).waitFor();
      await looksRight(page);
      await press(page, 'Stop');
      await page.getByText('The card can no longer be read.').waitFor();
    });
  });

  /** Chooses a code: typed, and typed again. */
  async function chooseCode(page: Page, code: string, again = code): Promise<void> {
    await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
    await typeCode(page, code);
    await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
    await typeCode(page, again);
  }

  it('activation: what is missing is said, a wrong ticket and a weak code are refused with the reason, then the card is active', async () => {
    phone.life = 'blank';
    await open(
      PHONE,
      async (page) => {
        await press(page, 'Continue');
        await page.getByText('Type the ticket first.').waitFor();
        await page.getByText('Without this consent nothing is written.').waitFor();
        await looksRight(page);
        await page.getByRole('textbox', { name: 'Ticket' }).fill('TICKET-2');
        await page.getByRole('checkbox').check();
        await press(page, 'Continue');
        await page.getByText('This is no ticket of an identity or of an application.').waitFor();
        await page.getByRole('textbox', { name: 'Ticket' }).fill(DOUBLE_TICKET);
        await press(page, 'Continue');
        for (const [code, reason] of [
          ['111111', 'six equal digits are guessed first'],
          ['123456', 'digits that run up or down'],
        ] as const) {
          await chooseCode(page, code);
          await page.getByText(reason).waitFor();
        }
        await chooseCode(page, '907152', '907153');
        await page.getByText('The two codes differ.').waitFor();
        await chooseCode(page, '907152');
        await page.getByRole('heading', { name: 'Write the PUK down' }).waitFor();
        await page.getByText(DOUBLE_PUK).waitFor();
        await page.reload();
        await page.evaluate(`location.hash = ${JSON.stringify(at.server.secret)}`);
        await press(page, 'Show the PUK');
        await typeCode(page, '907152');
        await page.getByText(DOUBLE_PUK).waitFor();
        expect(phone.pukDue).toBe(true);
        await press(page, 'I have written it down');
        await page.getByRole('navigation').waitFor();
        expect(await page.content()).not.toContain(DOUBLE_PUK);
        await expect.poll(() => page.getByText('You have not noted the PUK yet.').count()).toBe(0);
        expect(phone.code).toBe('907152');
        expect(phone.heard).toEqual(['activate TICKET-2', `activate ${DOUBLE_TICKET}`]);
      },
      REFUSED_ANSWER,
    );
  });

  it('takes the printed address that is typed while the page comes up', async () => {
    await open(PHONE, async (page) => {
      // As soon as something is on the page, before the browser paints it.
      await page.addInitScript(`new MutationObserver((_seen, observer) => {
        if (!document.getElementById('page')?.firstElementChild) return;
        observer.disconnect();
        location.hash = ${JSON.stringify(at.server.secret)};
      }).observe(document, { childList: true, subtree: true })`);
      await page.reload();
      await page.getByRole('navigation').waitFor();
    });
  });

  it('activation by the digital identity: a reload at each step loses nothing, and the tab that comes back tells it once', async () => {
    phone.life = 'blank';
    phone.identity = 'none';
    const reload = async (page: Page): Promise<void> => {
      await page.reload();
      await page.getByRole('heading', { name: 'Open the printed address' }).waitFor();
      await page.evaluate(`location.hash = ${JSON.stringify(at.server.secret)}`);
    };
    await open(
      PHONE,
      async (page) => {
        await press(page, 'Use my digital identity');
        await page.getByText('Without this consent nothing is written.').waitFor();
        expect(phone.heard).toEqual([]);
        await page.getByRole('checkbox').check();
        await looksRight(page);
        await press(page, 'Use my digital identity');
        const link = page.getByRole('link', { name: 'Go to the identity provider' });
        await link.waitFor();
        expect(phone.heard).toEqual([`identity for ${at.origin}`]);
        expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
        expect(await link.getAttribute('href')).toMatch(/&ui_locales=en$/);
        await looksRight(page);
        await reload(page);
        await link.waitFor();

        const tab = await page.context().newPage();
        await tab.goto(`${at.origin}${RETURNED_PATH}?flow=${'X'.repeat(43)}#response_code=${'R'.repeat(43)}`);
        await tab.getByText('This phone waits for no such answer').waitFor();
        await tab.goto(`${at.origin}${RETURNED_PATH}?flow=${DOUBLE_FLOW}#response_code=${'R'.repeat(43)}`);
        await tab.getByText('The phone has your answer.').waitFor();
        expect(tab.url()).toBe(`${at.origin}${RETURNED_PATH}`);
        await looksRight(tab);
        await tab.reload();
        await tab.getByText('Nothing is left to do here.').waitFor();
        await tab.close();

        await page.getByText('Your identity was presented.').waitFor();
        await reload(page);
        await page.getByText('Your identity was presented.').waitFor();
        expect(await page.getByRole('textbox').count()).toBe(0);
        await page.getByRole('checkbox').check();
        await press(page, 'Continue');
        await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
        await reload(page);
        await chooseCode(page, '907152');
        await page.getByText(DOUBLE_PUK).waitFor();
        expect(phone.heard.at(-1)).toBe('activate null');
      },
      REFUSED_ANSWER,
    );
  });

  it('an identity that was refused is said, and nothing is begun', async () => {
    phone.life = 'blank';
    phone.identity = 'asked';
    await open(PHONE, async (page) => {
      await page.getByRole('link', { name: 'Go to the identity provider' }).waitFor();
      const tab = await page.context().newPage();
      await tab.goto(
        `${at.origin}${RETURNED_PATH}?flow=${DOUBLE_FLOW}#response_code=${'R'.repeat(43)}&error=access_denied`,
      );
      await tab.getByText('The phone knows that you refused.').waitFor();
      await tab.close();
      await page.getByText('You gave no identity, so nothing was begun.').waitFor();
      expect(phone.heard).toEqual([]);
    });
  });

  it('the credential: got by its transaction code and the holder’s, shown with its end, renewed with the question to the issuer', async () => {
    await open(
      PHONE,
      async (page) => {
        await press(page, 'Settings', 'Ask for a credential');
        await page.getByText('The issuer has sent another transaction code.').waitFor();
        await press(page, 'Ask for another code');
        await page.getByText('An offer is open: use its transaction code.').waitFor();
        await press(page, 'Get the credential');
        await page.getByText('The transaction code has 6 digits.').waitFor();
        await page.getByRole('textbox', { name: 'Transaction code' }).fill('000000');
        await press(page, 'Get the credential');
        await typeCode(page, '583104');
        await page.getByText('The transaction code is wrong.').waitFor();
        await page.getByRole('textbox', { name: 'Transaction code' }).fill(DOUBLE_TX_CODE);
        await press(page, 'Get the credential');
        await typeCode(page, '583104');
        await page.getByText('The credential is on the card.').waitFor();
        await page.getByText('On the card, good until 29 Dec 2026').waitFor();
        await looksRight(page);
        phone.held = { state: 'due', expiresAt: '2026-12-29T10:00:00.000Z' };
        await press(page, 'Renew it');
        await typeCode(page, '583104');
        await page.getByText('The credential is renewed.').waitFor();
        await page.getByText('On the card, good until 28 Jan 2027').waitFor();
      },
      REFUSED_ANSWER,
    );
  });

  it('delegations: listed, given after the code, and taken back at once', async () => {
    const key = 'D'.repeat(43);
    await open(
      PHONE,
      async (page) => {
        await press(page, 'Settings', 'Show delegations');
        await page.getByText('K'.repeat(43)).waitFor();
        await press(page, 'Let it show');
        await page.getByText('Not as it must be.').waitFor();
        await looksRight(page);
        await page.getByRole('textbox', { name: 'Key of the other phone' }).fill(key);
        await page.getByRole('textbox', { name: 'Person on the card' }).fill('2');
        await press(page, 'Let it show');
        await page.getByText('For 7 days the other phone may show').waitFor();
        await typeCode(page, '583105');
        await page.getByText('The code is wrong.').waitFor();
        expect(phone.given).toEqual([]);
        await typeCode(page, '583104');
        await page.getByText('For person 2, until 6 Dec 2026').waitFor();
        expect(phone.heard.at(-1)).toBe(`delegate ${key} 2 7`);
        await press(page, 'Français');
        await page.getByText('Pour la personne 2, jusqu’au').waitFor();
        await looksRight(page);
        await press(page, 'La retirer');
        await page.getByText('Pour la personne 2, finie le').waitFor();
        expect(await page.getByRole('button', { name: 'La retirer' }).count()).toBe(0);
      },
      REFUSED_ANSWER,
    );
  });

  it('invoices: behind the code, and gone with the page’s sight', async () => {
    await open(PHONE, async (page) => {
      await press(page, 'Invoices', 'Show invoices');
      await typeCode(page, '583104');
      await page.getByRole('heading', { name: 'CENTRE DU LAC D’ANNECY' }).waitFor();
      await page.getByText('€1,234.56').waitFor();
      await looksRight(page);
      expect(await page.title()).toBe('Test card on this phone');
      await press(page, 'Hide invoices');
      expect(await page.getByText('ANNECY').count()).toBe(0);
    });
  });

  it('change of the code, and the card’s end: why, and the way to a new one', async () => {
    await open(PHONE, async (page) => {
      await press(page, 'Settings', 'Change the code');
      await typeCode(page, '583104');
      await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
      await typeCode(page, '270493');
      await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
      await typeCode(page, '270493');
      await page.getByText('The code is changed.').waitFor();
      expect(phone.code).toBe('270493');
      phone.life = 'revoked';
      await page.getByRole('heading', { name: 'The card is gone' }).waitFor();
      await page.getByText('Another phone has your card now.').waitFor();
      await page.getByRole('textbox', { name: 'Ticket' }).waitFor();
      await looksRight(page);
    });
  });

  it('a blocked code: said, and a new one by the PUK alone', async () => {
    phone.triesLeft = 0;
    await open(
      PHONE,
      async (page) => {
        await page.getByText('The code is blocked').waitFor();
        await press(page, 'Settings', 'Unblock with the PUK', 'Continue');
        await page.getByText('The PUK has 6 to 12 digits.').waitFor();
        for (const puk of ['11111111', DOUBLE_PUK]) {
          await page.getByRole('textbox', { name: 'PUK' }).fill(puk);
          await press(page, 'Continue');
          await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
          await typeCode(page, '270493');
          await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
          await typeCode(page, '270493');
          await page.getByText(puk === DOUBLE_PUK ? 'The code is changed.' : 'The PUK is wrong.').waitFor();
        }
        expect(phone.code).toBe('270493');
      },
      REFUSED_ANSWER,
    );
  });

  it('a server that was stopped is said', async () => {
    await open(
      PHONE,
      async (page) => {
        await page.getByRole('navigation').waitFor();
        await at.server.close();
        await page.getByText('The server does not answer.').first().waitFor();
      },
      /ERR_CONNECTION_REFUSED/,
    );
  });

  it('a page of another origin can neither ask nor frame it', async () => {
    const other = await serve(({ app }) => {
      app.get('/', { config: { access: 'open' } }, (_request, reply) =>
        reply.header('Content-Security-Policy', "default-src * 'unsafe-inline'").type('text/html').send('<p>other</p>'),
      );
    });
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(`${other.origin}/`);
      const asked = (init: string): Promise<unknown> =>
        page.evaluate(
          `fetch(${JSON.stringify(`${at.origin}/api/phone/window`)}, ${init}).then((a) => a.status, () => 'no answer')`,
        );
      const secret = `{ authorization: 'Bearer ${at.server.secret}' }`;
      // A form's content type needs no leave of the server: the request arrives there, and is refused.
      expect(await asked(`{ method: 'POST', mode: 'no-cors', body: '{"code":"583104"}' }`)).toBe('no answer');
      expect(await asked(`{ method: 'DELETE', headers: ${secret} }`)).toBe('no answer');
      await expect.poll(() => at.lines.filter((line) => / POST .* 403 /.test(line)).length).toBe(1);
      expect(phone.windowMs).toBe(0);
      await page.evaluate(
        `document.body.append(Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(`${at.origin}/`)} }))`,
      );
      await expect.poll(() => at.lines.filter((line) => / GET \/ 403 /.test(line)).length).toBe(1);
    } finally {
      await context.close();
      await other.server.close();
    }
  });
});

describeNeeds(['chromium', 'zbarimg'], 'the QR code on the screen', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-phone-qr-'));
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['QR code', 'light', PRESENCE_TEXT],
    ['QR code', 'dark', PRESENCE_TEXT],
    ['QR code without network', 'light', OFFLINE_TEXT],
    ['QR code without network', 'dark', OFFLINE_TEXT],
  ] as const)('%s, %s: zbarimg reads it from a picture of the phone’s screen', async (name, colorScheme, text) => {
    const at = await serve(({ app }) => {
      addPage(app, join(PACKAGE_ROOT, 'dist', 'rig', 'life', 'pages', 'phone'));
      addPhoneRoutes(app, new PhoneDouble());
    });
    try {
      await withServedPage(browser, at.pageAddress(), { ...PHONE, colorScheme }, async (page) => {
        for (const each of [name, 'I agree']) await page.getByRole('button', { name: each, exact: true }).click();
        await page.getByRole('group', { name: 'Keypad' }).waitFor();
        await page.keyboard.type('583104');
        await page.keyboard.press('Enter');
        await page.getByRole('img').waitFor();
        const picture = join(folder, `${colorScheme}-${name.length}.png`);
        await page.screenshot({ path: picture });
        const read = spawnSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', picture], {
          encoding: 'utf8',
        });
        expect(read.stdout).toBe(`${text}\n`);
      });
    } finally {
      await at.server.close();
    }
  });
});
