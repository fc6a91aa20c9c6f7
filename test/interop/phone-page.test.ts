import { expect, it } from 'vitest';
import { serve } from '../rig/web/served.ts';
import { DESK, PHONE, phonePage, press, REFUSED_ANSWER } from './phone-page.ts';
import { phonePageActivation } from './phone-page-activation.ts';
import { phonePageLooks } from './phone-page-looks.ts';
import { phonePageSettings } from './phone-page-settings.ts';
import { phonePageShowing } from './phone-page-showing.ts';
import { describeNeeds } from './real-parts.ts';
import { withServedPage } from './served-page.ts';

describeNeeds(['chromium'], 'the page of the phone in Chromium', () => {
  const here = phonePage();

  phonePageLooks(here);
  phonePageShowing(here);
  phonePageActivation(here);
  phonePageSettings(here);

  it('changes its language at once, and keeps nothing of the choice', async () => {
    await here.open(DESK, async (page) => {
      await press(page, 'Français');
      await expect.poll(() => page.getAttribute('html', 'lang')).toBe('fr');
      await page.getByRole('button', { name: 'Présenter' }).waitFor();
    });
  });

  it('takes the secret out of the address, and says what is missing when it is loaded again', async () => {
    await here.open(DESK, async (page) => {
      await page.getByRole('navigation').waitFor();
      await page.reload();
      await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Open the printed address');
      await page.evaluate(`location.hash = ${JSON.stringify(here.at.server.secret)}`);
      await page.getByRole('navigation').waitFor();
    });
  });

  it('takes the printed address that is typed while the page comes up', async () => {
    await here.open(PHONE, async (page) => {
      // As soon as something is on the page, before the browser paints it.
      await page.addInitScript(`new MutationObserver((_seen, observer) => {
        if (!document.getElementById('page')?.firstElementChild) return;
        observer.disconnect();
        location.hash = ${JSON.stringify(here.at.server.secret)};
      }).observe(document, { childList: true, subtree: true })`);
      await page.reload();
      await page.getByRole('navigation').waitFor();
    });
  });

  it('says so when the secret is of another start', async () => {
    const wrong = `${here.at.origin}/#${'A'.repeat(43)}`;
    await withServedPage(
      here.browser,
      wrong,
      DESK,
      async (page) => {
        await expect.poll(() => page.getByRole('alert').first().textContent()).toContain('started again');
      },
      REFUSED_ANSWER,
    );
  });

  it('a server that was stopped is said', async () => {
    await here.open(
      PHONE,
      async (page) => {
        await page.getByRole('navigation').waitFor();
        await here.at.server.close();
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
    const context = await here.browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(`${other.origin}/`);
      const asked = (init: string): Promise<unknown> =>
        page.evaluate(
          `fetch(${JSON.stringify(`${here.at.origin}/api/phone/window`)}, ${init}).then((a) => a.status, () => 'no answer')`,
        );
      const secret = `{ authorization: 'Bearer ${here.at.server.secret}' }`;
      // A form's content type needs no leave of the server: the request arrives there, and is refused.
      expect(await asked(`{ method: 'POST', mode: 'no-cors', body: '{"code":"583104"}' }`)).toBe('no answer');
      expect(await asked(`{ method: 'DELETE', headers: ${secret} }`)).toBe('no answer');
      await expect.poll(() => here.at.lines.filter((line) => / POST .* 403 /.test(line)).length).toBe(1);
      expect(here.phone.windowMs).toBe(0);
      await page.evaluate(
        `document.body.append(Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(`${here.at.origin}/`)} }))`,
      );
      await expect.poll(() => here.at.lines.filter((line) => / GET \/ 403 /.test(line)).length).toBe(1);
    } finally {
      await context.close();
      await other.server.close();
    }
  });
});
