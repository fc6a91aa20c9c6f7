import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requestIdentity, ticketOf } from '../../rig/life/identity/client/present-identity.ts';
import { redeemIdentityTicket } from '../../rig/life/issuer/openid/presentation.ts';
import { openSql } from '../../rig/store/open.ts';
import { startWorld, type World } from '../rig/life/openid/world.ts';
import { type Served, serve } from '../rig/web/served.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium, looksRight, tabTo, VIEWS, type View } from './served-page.ts';

/** The person's way through the consent pages, from a page of a phone and back to it. */
describeNeeds(['chromium', 'postgresql'], 'the consent pages in Chromium', () => {
  let browser: Browser;
  let postgresql: PostgresqlServer;
  let world: World;
  let phone: Served;
  beforeAll(async () => {
    browser = await launchChromium();
    postgresql = await startPostgresql();
    world = await startWorld(await openSql(postgresql.database('identity')));
    phone = await serve(({ app }) => {
      app.get('/back', { config: { access: 'open' } }, (_request, reply) =>
        reply
          .header('Content-Type', 'text/html')
          .serializer(String)
          .send('<!doctype html><title>phone</title><link rel="icon" href="data:,"><h1>Phone</h1>'),
      );
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await phone?.server.close();
    await world?.close();
    await postgresql?.stop();
  });

  const ask = () =>
    requestIdentity({ issuer: world.issuer, identity: world.identity, returnTo: `${phone.origin}/back` });
  const name = (page: Page, fr: string, en: string, french: boolean) =>
    page.getByRole('button', { name: french ? fr : en });

  /** In a browser that has never been there. The pages lead on to the phone's, and nowhere else. */
  async function visit(
    address: string,
    { width, height, colorScheme, locale = 'en-GB' }: View,
    use: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale });
    const complaints: string[] = [];
    try {
      const page = await context.newPage();
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        const { origin, protocol } = new URL(request.url());
        if (protocol === 'data:') return;
        if (origin !== world.identity && origin !== phone.origin) complaints.push(request.url());
      });
      await page.goto(address);
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
    }
  }

  it.each(VIEWS)('look right and lead back to the phone with a ticket: $width $colorScheme', async (view) => {
    const french = view.locale === 'fr-FR';
    const request = await ask();
    await visit(request.authorizationRequest, view, async (page) => {
      await page.getByRole('heading', { name: french ? 'Qui êtes-vous ?' : 'Who are you?' }).waitFor();
      await looksRight(page);
      await name(page, 'Continuer', 'Continue', french).click();
      await page.getByRole('heading', { name: 'ZOE ADRUN' }).waitFor();
      await looksRight(page);
      await name(page, 'Accepter et transmettre', 'Agree and send', french).click();
      await page
        .getByRole('heading', { name: french ? 'Votre identité a été transmise.' : 'Your identity was sent.' })
        .waitFor();
      await looksRight(page);
      await page.getByRole('link', { name: french ? 'Revenir au téléphone' : 'Back to the phone' }).click();
      await page.getByRole('heading', { name: 'Phone' }).waitFor();
      const identity = await redeemIdentityTicket(world.context, ticketOf(request, page.url()));
      expect(identity).toMatchObject({ familyName: 'ADRUN', givenName: 'ZOE' });
    });
  });

  it('are used with the keyboard alone, and say no', async () => {
    const request = await ask();
    await visit(request.authorizationRequest, { ...VIEWS[0]!, locale: 'en-GB' }, async (page) => {
      await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
      await tabTo(page, 'Continue');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'ZOE ADRUN' }).waitFor();
      await tabTo(page, 'Refuse');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Nothing was sent.' }).waitFor();
      const href = await page.getByRole('link', { name: 'Back to the phone' }).getAttribute('href');
      const redeeming = redeemIdentityTicket(world.context, ticketOf(request, href!));
      await expect(redeeming).rejects.toMatchObject({ code: 'consent-refused' });
    });
  });
});
