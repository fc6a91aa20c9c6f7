import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { RETURNED_PATH } from '../../rig/life/pages/phone/view.ts';
import { DOUBLE_FLOW, DOUBLE_PUK, DOUBLE_TICKET } from '../rig/life/phone/phone-double.ts';
import { chooseCode, PHONE, type PhonePage, press, REFUSED_ANSWER, typeCode } from './phone-page.ts';
import { looksRight } from './served-page.ts';

/** From no card to one, by a ticket or by the digital identity. */
export function phonePageActivation(here: PhonePage): void {
  it('activation: what is missing is said, a wrong ticket and a weak code are refused with the reason, then the card is active', async () => {
    here.phone.life = 'blank';
    await here.open(
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
        await page.evaluate(`location.hash = ${JSON.stringify(here.at.server.secret)}`);
        await press(page, 'Show the PUK');
        await typeCode(page, '907152');
        await page.getByText(DOUBLE_PUK).waitFor();
        expect(here.phone.pukDue).toBe(true);
        await press(page, 'I have written it down');
        await page.getByRole('navigation').waitFor();
        expect(await page.content()).not.toContain(DOUBLE_PUK);
        await expect.poll(() => page.getByText('You have not noted the PUK yet.').count()).toBe(0);
        expect(here.phone.code).toBe('907152');
        expect(here.phone.heard).toEqual(['activate TICKET-2', `activate ${DOUBLE_TICKET}`]);
      },
      REFUSED_ANSWER,
    );
  });

  it('activation by the digital identity: a reload at each step loses nothing, and the tab that comes back tells it once', async () => {
    here.phone.life = 'blank';
    here.phone.identity = 'none';
    const reload = async (page: Page): Promise<void> => {
      await page.reload();
      await page.getByRole('heading', { name: 'Open the printed address' }).waitFor();
      await page.evaluate(`location.hash = ${JSON.stringify(here.at.server.secret)}`);
    };
    await here.open(
      PHONE,
      async (page) => {
        await press(page, 'Use my digital identity');
        await page.getByText('Without this consent nothing is written.').waitFor();
        expect(here.phone.heard).toEqual([]);
        await page.getByRole('checkbox').check();
        await looksRight(page);
        await press(page, 'Use my digital identity');
        const link = page.getByRole('link', { name: 'Go to the identity provider' });
        await link.waitFor();
        expect(here.phone.heard).toEqual([`identity for ${here.at.origin}`]);
        expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
        expect(await link.getAttribute('href')).toMatch(/&ui_locales=en$/);
        await looksRight(page);
        await reload(page);
        await link.waitFor();

        const tab = await page.context().newPage();
        await tab.goto(`${here.at.origin}${RETURNED_PATH}?flow=${'X'.repeat(43)}#response_code=${'R'.repeat(43)}`);
        await tab.getByText('This phone waits for no such answer').waitFor();
        await tab.goto(`${here.at.origin}${RETURNED_PATH}?flow=${DOUBLE_FLOW}#response_code=${'R'.repeat(43)}`);
        await tab.getByText('The phone has your answer.').waitFor();
        expect(tab.url()).toBe(`${here.at.origin}${RETURNED_PATH}`);
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
        expect(here.phone.heard.at(-1)).toBe('activate null');
      },
      REFUSED_ANSWER,
    );
  });

  it('an identity that was refused is said, and nothing is begun', async () => {
    here.phone.life = 'blank';
    here.phone.identity = 'asked';
    await here.open(PHONE, async (page) => {
      await page.getByRole('link', { name: 'Go to the identity provider' }).waitFor();
      const tab = await page.context().newPage();
      await tab.goto(
        `${here.at.origin}${RETURNED_PATH}?flow=${DOUBLE_FLOW}#response_code=${'R'.repeat(43)}&error=access_denied`,
      );
      await tab.getByText('The phone knows that you refused.').waitFor();
      await tab.close();
      await page.getByText('You gave no identity, so nothing was begun.').waitFor();
      expect(here.phone.heard).toEqual([]);
    });
  });
}
