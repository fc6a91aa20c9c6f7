import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type PhonePage, press, REFUSED_ANSWER } from './phone-page.ts';
import { looksRight, VIEWS } from './served-page.ts';

const CREDENTIALS = {
  none: 'L’émetteur n’en a pas proposé.',
  offered: 'Elle attend chez l’émetteur',
  current: 'Dans la carte, valable jusqu’au',
  due: 'À renouveler',
} as const;

/** How it looks, in all widths, colours and languages. */
export function phonePageLooks(here: PhonePage): void {
  it.each(VIEWS)('looks right: $width $colorScheme', async (view) => {
    const french = view.locale === 'fr-FR';
    await here.open(view, async (page) => {
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
    here.phone.life = 'blank';
    here.phone.identity = 'none';
    const heading = (page: Page, name: string): Promise<void> => page.getByRole('heading', { name }).waitFor();
    const code = async (page: Page): Promise<void> => {
      await page.getByRole('group', { name: 'Clavier' }).waitFor();
      await page.keyboard.type('583104');
      await page.keyboard.press('Enter');
    };
    await here.open(
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
        here.phone.identity = 'refused';
        await page.getByText('Vous n’avez pas donné d’identité').waitFor();
        await looksRight(page);
        here.phone.identity = 'presented';
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
        here.phone.pukDue = true;
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
          here.phone.held = { state, expiresAt: state === 'none' ? null : '2026-12-29T10:00:00.000Z' };
          await press(page, 'Réglages', 'Interroger l’émetteur');
          await page.getByText(CREDENTIALS[state]).waitFor();
          await looksRight(page);
        }
        await press(page, 'Demander un autre code');
        await page.getByText('Une offre est ouverte : utilisez son code de transaction.').waitFor();
        await looksRight(page);
        here.phone.triesLeft = 0;
        await press(page, 'Débloquer avec le PUK', 'Continuer');
        await page.getByText('Le PUK a de 6 à 12 chiffres.').waitFor();
        expect(await page.getByText('Une offre est ouverte').count()).toBe(0);
        await looksRight(page);
        here.phone.life = 'revoked';
        await heading(page, 'La carte n’existe plus');
        await looksRight(page);
      },
      REFUSED_ANSWER,
    );
  });
}
