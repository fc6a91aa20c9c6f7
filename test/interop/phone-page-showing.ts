import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DOUBLE_CAN, OFFLINE_TEXT, PRESENCE_TEXT } from '../rig/life/phone/phone-double.ts';
import { run } from './card.ts';
import { PHONE, type PhonePage, press, REFUSED_ANSWER, typeCode } from './phone-page.ts';
import { describeNeeds } from './real-parts.ts';
import { looksRight, tabTo } from './served-page.ts';

/** The card shown to a reader or a scanner, and its invoices to their holder. */
export function phonePageShowing(here: PhonePage): void {
  it.each([
    ['QR code', PRESENCE_TEXT],
    ['QR code without network', OFFLINE_TEXT],
  ])('%s: by keyboard alone from the first to the last step', async (name) => {
    await here.open(PHONE, async (page) => {
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
    await here.open(PHONE, async (page) => {
      await press(page, 'QR code', 'I agree', '5', '8', '3', '1', '0', '4');
      await expect.poll(() => page.getByText('6 of 6 digits typed').count()).toBe(1);
      expect(await page.content()).not.toContain('583104');
      await press(page, 'OK');
      await page.getByRole('img').waitFor();
      expect(await page.content()).not.toContain('583104');
    });
  });

  it('a wrong code: refused in words, the tries that are left, and nothing shown', async () => {
    await here.open(
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
    here.phone.qrMs = 1200;
    await here.open(PHONE, async (page) => {
      await press(page, 'QR code', 'I agree');
      await typeCode(page, '583104');
      await page.getByRole('img').waitFor();
      await page.getByText('The code has run out and is gone.').waitFor();
      expect(await page.getByRole('img').count()).toBe(0);
    });
  });

  it('the QR code goes when the page goes out of sight', async () => {
    await here.open(PHONE, async (page) => {
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
    await here.open(PHONE, async (page) => {
      await press(page, 'Near a reader (NFC)', 'I agree');
      await typeCode(page, '583104');
      await page.getByRole('heading', { name: 'Hold the phone near the reader' }).waitFor();
      await page.getByText(`${DOUBLE_CAN.slice(0, 3)} ${DOUBLE_CAN.slice(3)}`).waitFor();
      await looksRight(page);
      await press(page, 'Stop');
      await page.getByText('The card can no longer be read.').waitFor();
    });
  });

  it('invoices: behind the code, and gone with the page’s sight', async () => {
    await here.open(PHONE, async (page) => {
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

  describeNeeds(['zbarimg'], 'the QR code on the screen', () => {
    it.each([
      ['QR code', 'light', PRESENCE_TEXT],
      ['QR code', 'dark', PRESENCE_TEXT],
      ['QR code without network', 'light', OFFLINE_TEXT],
      ['QR code without network', 'dark', OFFLINE_TEXT],
    ] as const)('%s, %s: zbarimg reads it from a picture of the phone’s screen', async (name, colorScheme, text) => {
      await here.open({ ...PHONE, colorScheme }, async (page) => {
        await press(page, name, 'I agree');
        await typeCode(page, '583104');
        await page.getByRole('img').waitFor();
        const picture = join(here.folder, `${colorScheme}-${name.length}.png`);
        await page.screenshot({ path: picture });
        const { out } = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', picture]);
        expect(out).toBe(`${text}\n`);
      });
    });
  });
}
