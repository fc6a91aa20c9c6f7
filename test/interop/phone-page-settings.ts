import { expect, it } from 'vitest';
import { DOUBLE_PUK, DOUBLE_TX_CODE } from '../rig/life/phone/phone-double.ts';
import { PHONE, type PhonePage, press, REFUSED_ANSWER, typeCode } from './phone-page.ts';
import { looksRight } from './served-page.ts';

/** Code, PUK, credential, delegations, and the end of the card. */
export function phonePageSettings(here: PhonePage): void {
  it('the credential: got by its transaction code and the holder’s, shown with its end, renewed with the question to the issuer', async () => {
    await here.open(
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
        here.phone.held = { state: 'due', expiresAt: '2026-12-29T10:00:00.000Z' };
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
    await here.open(
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
        expect(here.phone.given).toEqual([]);
        await typeCode(page, '583104');
        await page.getByText('For person 2, until 6 Dec 2026').waitFor();
        expect(here.phone.heard.at(-1)).toBe(`delegate ${key} 2 7`);
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

  it('change of the code, and the card’s end: why, and the way to a new one', async () => {
    await here.open(PHONE, async (page) => {
      await press(page, 'Settings', 'Change the code');
      await typeCode(page, '583104');
      await page.getByRole('heading', { name: 'Choose a secret code' }).waitFor();
      await typeCode(page, '270493');
      await page.getByRole('heading', { name: 'Type the new code again' }).waitFor();
      await typeCode(page, '270493');
      await page.getByText('The code is changed.').waitFor();
      expect(here.phone.code).toBe('270493');
      here.phone.life = 'revoked';
      await page.getByRole('heading', { name: 'The card is gone' }).waitFor();
      await page.getByText('Another phone has your card now.').waitFor();
      await page.getByRole('textbox', { name: 'Ticket' }).waitFor();
      await looksRight(page);
    });
  });

  it('a blocked code: said, and a new one by the PUK alone', async () => {
    here.phone.triesLeft = 0;
    await here.open(
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
        expect(here.phone.code).toBe('270493');
      },
      REFUSED_ANSWER,
    );
  });
}
