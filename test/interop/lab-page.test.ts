import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Matrix } from '../../rig/lab/api/campaign.ts';
import type { RunDetail } from '../../rig/lab/api/run.ts';
import { describeNeeds } from './real-parts.ts';
import { MARKUP, type SeededLab, seedLab } from './seeded-lab.ts';
import { launchChromium, looksRight, tabTo, VIEWS, withServedPage } from './served-page.ts';
import { type ServedVerb, startServing } from './served-verb.ts';

/** The tab keeps the token and nothing else; the address leads somewhere and holds no token. */
const LEFT = { kept: ['vitap-lab-token'], at: /^#\/[\w/?=&.-]*$/ };
const DESK = VIEWS[0]!;
const RUN_ID = '00000000-0000-4000-8000-000000000001';
const CELL = { subject: 'apcv', suite: 'conform iso7816-4' };

describeNeeds(['chromium'], 'the page of the lab in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-page-'));
  let browser: Browser;
  let served: ServedVerb;
  let seeded: SeededLab;
  let origin: string;
  let operator: string;
  beforeAll(async () => {
    const lab = join(folder, 'lab');
    seeded = await seedLab(lab);
    browser = await launchChromium();
    served = await startServing(['lab', 'serve', lab, '--port', '0', '--quiet']);
    const { origin: at, hash } = new URL(served.address);
    [origin, operator] = [at, hash.slice(1)];
  }, 180_000);
  afterAll(async () => {
    served?.child.kill('SIGKILL');
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the page with a token, and then an address of it. */
  async function withLab(
    address: string,
    use: (page: Page) => Promise<void>,
    { view = DESK, token = operator, complaints = null as RegExp | null } = {},
  ): Promise<void> {
    const opened = async (page: Page): Promise<void> => {
      await page.getByRole('navigation', { name: /^(Parts|Rubriques)/ }).waitFor();
      await page.goto(`${origin}/${address}`);
      await use(page);
    };
    await withServedPage(browser, `${origin}/#${token}`, view, opened, complaints, LEFT);
  }

  function ask(path: string, token: string, body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return fetch(
      `${origin}${path}`,
      body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
    );
  }

  it.each(VIEWS)('looks right: $width $colorScheme', { timeout: 120_000 }, async (view) => {
    const french = view.locale === 'fr-FR';
    const visit = async (page: Page, address: string, text: string | RegExp): Promise<void> => {
      await page.goto(`${origin}/${address}`);
      await page.getByText(text).first().waitFor();
      await looksRight(page);
    };
    await withLab(
      '#/campaigns',
      async (page) => {
        await visit(page, '#/campaigns', 'nightly again');
        await visit(page, '#/campaigns/2', french ? 'Annuler ce qui attend' : 'Cancel what waits');
        await visit(page, '#/campaigns/2/runs?state=failed', french ? 'échoué' : 'failed');
        await visit(page, `#/runs/${seeded.run}`, french ? 'Cas non réussis' : 'Cases that did not pass');
        // U+00A0 stands before a unit, U+202F in French between thousands.
        expect(await page.locator('dl.facts').last().locator('dd').allInnerTexts()).toEqual(
          french
            ? ['12,5\u00a0ms', '100', '3,2\u00a0ms', '81\u202f234\u00a0o/s']
            : ['12.5\u00a0ms', '100', '3.2\u00a0ms', '81,234\u00a0B/s'],
        );
        await visit(page, '#/benches', 'its reader was changed');
        await visit(page, '#/compare?first=1&second=2', french ? 'Nouveaux échecs' : 'New failures');
        await visit(page, '#/cases?id=SEL-001&campaign=1', '6A82 came');
        await visit(
          page,
          `#/runs/${seeded.run}/files/conform.json`,
          french ? 'Ce rapport est en anglais' : 'conform.json',
        );
        await visit(page, '#/search?words=vitale', french ? 'Passages trouvés' : 'Runs found');
        await visit(page, '#/nowhere', french ? 'Il n’y a rien ici' : 'Nothing is here');
        // What fills in moves nothing that was there.
        await page.goto(`${origin}/#/campaigns/2`);
        await page.reload();
        await page.getByRole('grid').waitFor();
        expect(await page.evaluate(SHIFTED)).toBeLessThan(0.02);
      },
      { view },
    );
  });

  it('a case stands apart from its cell, and a run whose length is not known shows its note alone', {
    timeout: 60_000,
  }, async () => {
    await withLab('#/compare?first=1&second=2', async (page) => {
      const cell = page.locator('.compared li', { has: page.locator('code') }).first();
      expect(await cell.innerText()).toMatch(/^\S+ × conform iso7816-4\s+[A-Z]+-\d+/);
      for (const [total, shown] of [
        [0, 'waits for the reader'],
        [4, '1 of 4 waits for the reader'],
      ] as const) {
        await page.route(`${origin}/v1/runs/${seeded.run}`, async (route) => {
          const response = await route.fetch();
          const progress = { done: Math.min(1, total), total, note: 'waits for the reader' };
          await route.fulfill({ response, json: { ...((await response.json()) as object), progress } });
        });
        await page.goto(`${origin}/#/campaigns`);
        await page.goto(`${origin}/#/runs/${seeded.run}`);
        await expect.poll(() => page.locator('.progress .hint').innerText()).toBe(shown);
      }
    });
  });

  it('a case leads to its runs, in its campaign and in all of them', { timeout: 60_000 }, async () => {
    await withLab(`#/runs/${seeded.run}`, async (page) => {
      const runs = page.locator('ul.runs li');
      await page.getByRole('link', { name: 'Case SEL-001: its other runs' }).click();
      await page.getByRole('heading', { name: 'Case SEL-001: runs in which it did not pass' }).waitFor();
      // The run that failed, and the one that ended as an error; then the one that failed in the second campaign.
      await expect.poll(() => runs.count()).toBe(2);
      expect(await runs.first().innerText()).toMatch(/failed\s+Campaign 1, run 1, .* bench-1 · 3B8A8001.*6A82 came/s);
      await page.getByRole('link', { name: 'In all campaigns' }).click();
      await expect.poll(() => runs.count()).toBe(3);
      await page.getByRole('link', { name: /^Campaign 2, run 2/ }).click();
      await page.getByRole('heading', { name: 'Run 2' }).waitFor();
      await page.goto(`${origin}/#/cases?id=SEL-009&campaign=1`);
      await page.getByText('No run of this campaign has judged this case.').waitFor();
      await page.goto(`${origin}/#/compare?first=1&second=2`);
      await page.getByText('Compared: 4 runs with 2; in both 2 cells, 4 cases, 0 times.').waitFor();
      await page.getByRole('link', { name: 'Case SEL-001: its other runs' }).first().click();
      await page.getByRole('heading', { name: 'Case SEL-001: runs in which it did not pass' }).waitFor();
    });
  });

  it.each([
    ['#/campaigns', '/v1/campaigns', 'Older campaigns', 2, '?before=2'],
    ['#/campaigns/1', '/v1/campaigns/1', 'Further cells', CELL, '?afterSubject=apcv&afterSuite=conform+iso7816-4'],
    ['#/campaigns/1/runs?state=passed', '/v1/campaigns/1/runs', 'Next page', 1, '?state=passed&after=1'],
    ['#/cases?id=SEL-001&campaign=1', '/v1/cases', 'Next page', RUN_ID, `?id=SEL-001&campaign=1&after=${RUN_ID}`],
  ] as const)(
    'a long list at %s goes on, and back to its first page, by keyboard',
    {
      timeout: 60_000,
    },
    async (start, asked, onward, after, query) => {
      await withLab('#/search', async (page) => {
        // Pages of the server are long: the first one says here that the list goes on.
        await page.route(
          (url) => url.pathname === asked,
          async (route) => {
            const response = await route.fetch();
            const isLater = /[?&](before|after\w*)=[^0]/.test(route.request().url());
            const shown = (await response.json()) as object;
            await route.fulfill({ response, json: { ...shown, after: isLater ? null : after } });
          },
        );
        const link = (name: string) => page.getByRole('link', { name, exact: true });
        await page.goto(`${origin}/${start}`);
        await link(onward).waitFor();
        expect(await link('First page').count()).toBe(0);
        await tabTo(page, onward);
        await page.keyboard.press('Enter');
        await link('First page').waitFor();
        await link(onward).waitFor({ state: 'detached' });
        expect(new URL(page.url()).hash).toBe(`${start.split('?')[0]}${query}`);
        await tabTo(page, 'First page');
        await page.keyboard.press('Enter');
        await link(onward).waitFor();
        await link('First page').waitFor({ state: 'detached' });
        expect(new URL(page.url()).hash).toBe(start);
      });
    },
  );

  /** The document in the frame of a report. */
  function reportIn(page: Page) {
    return page.frameLocator('iframe.report');
  }

  it('shows reports and traces from their data, by the code of the offline reports', { timeout: 120_000 }, async () => {
    const visit = (page: Page, name: string) => page.goto(`${origin}/#/runs/${seeded.run}/files/${name}`);
    await withLab(`#/runs/${seeded.run}`, async (page) => {
      await page.getByText(MARKUP, { exact: true }).waitFor();
      await visit(page, 'conform.json');
      const report = reportIn(page);
      await report.getByText(`6A82 came ${MARKUP}`).first().waitFor();
      await report.getByRole('heading', { name: 'Coverage' }).waitFor();
      expect(await report.locator('img').count()).toBe(0);
      // As high as it is: nothing of it scrolls by itself.
      const heights =
        '(() => { const f = document.querySelector("iframe.report"); return [f.clientHeight, f.contentDocument.documentElement.offsetHeight]; })()';
      await expect.poll(async () => new Set((await page.evaluate(heights)) as number[]).size).toBe(1);

      await visit(page, 'trace.jsonl');
      await report.getByRole('option', { name: '1, SELECT, 9000' }).click();
      await report.getByRole('heading', { name: '#1 SELECT' }).waitFor();
      await report.getByRole('heading', { name: 'Answer', exact: true }).waitFor();
      // The program of a report has no origin: it sees neither the page around it nor its token, and may ask for nothing.
      const frame = page.frames().find((each) => each !== page.mainFrame());
      expect(await frame?.evaluate('origin')).toBe('null');
      expect(
        await frame?.evaluate(
          '(() => { try { return parent.sessionStorage.length; } catch (e) { return e.name; } })()',
        ),
      ).toBe('SecurityError');

      await visit(page, 'replay.json');
      await report.locator('#list [role=option]').first().waitFor();
      await visit(page, 'taps.json');
      await report.getByRole('img').first().waitFor();
      await visit(page, 'board.json');
      await report.getByRole('heading', { name: 'Distributions' }).waitFor();
      await visit(page, 'strange.json');
      await page.getByRole('alert').getByText('The file is not as vitap writes it').waitFor();
      await visit(page, 'hostile.html');
      await page.getByText('This file is not shown here').waitFor();
      expect(await page.locator('iframe').count()).toBe(0);
    });
  });

  it('HTML that was uploaded is saved; if it were opened, nothing in it would run', { timeout: 60_000 }, async () => {
    await withLab(`#/runs/${seeded.run}`, async (page) => {
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save hostile.html' }).click();
      expect((await saved).suggestedFilename()).toBe('hostile.html');
    });
    const detail = (await (await ask(`/v1/runs/${seeded.run}`, operator)).json()) as RunDetail;
    const sha256 = detail.statement?.blobs.find(({ name }) => name === 'hostile.html')?.sha256;
    const { headers } = await ask(`/v1/blobs/${sha256}`, operator);
    expect(headers.get('content-disposition')).toMatch(/^attachment;/);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${operator}` } });
    try {
      const page = await context.newPage();
      const saved = page.waitForEvent('download');
      await page.goto(`${origin}/v1/blobs/${sha256}`).catch(() => {});
      await saved;
      // And without what makes it a download: the sandbox stands alone.
      await page.route('**/v1/blobs/*', async (route) => {
        const response = await route.fetch();
        const { 'content-disposition': _, ...kept } = response.headers();
        await route.fulfill({ response, headers: { ...kept, 'content-type': 'text/html' } });
      });
      await page.goto(`${origin}/v1/blobs/${sha256}`);
      expect(await page.title()).toBe('report');
    } finally {
      await context.close();
    }
    const { campaign } = (await (await ask('/v1/campaigns/2', operator)).json()) as Matrix;
    expect(campaign.counts.cancelled).toBe(0);
  });

  it('a link asks for a token, then leads on; the token stands in no address; other tabs of the browser have it too', {
    timeout: 60_000,
  }, async () => {
    const link = `${origin}/#/runs/${seeded.run}`;
    const use = async (page: Page): Promise<void> => {
      await page.getByLabel('Token').fill('wrong-token-of-nobody');
      await page.getByRole('button', { name: 'Open' }).click();
      await page.getByText('The token is wrong or revoked').waitFor();
      // By keyboard alone: the form was away while the server was asked, and has the focus again.
      await page.keyboard.type(seeded.bench);
      await page.keyboard.press('Enter');
      await page.getByText('This is the token of a bench').waitFor();
      await page.getByRole('button', { name: 'Take another token' }).click();
      await page.getByLabel('Token').waitFor();
      await page.keyboard.type(seeded.viewer);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Run 1' }).waitFor();
      expect(page.url()).toBe(link);
      await page.reload();
      await page.getByRole('heading', { name: 'Run 1' }).waitFor();
      await page.getByRole('link', { name: 'Campaign 1' }).click();
      await page.getByRole('heading', { name: 'Campaign 1: nightly' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: 'Run 1' }).waitFor();
      await page.goForward();
      await page.getByRole('heading', { name: 'Campaign 1: nightly' }).waitFor();
      const other = await page.context().newPage();
      await other.goto(link);
      await other.getByRole('heading', { name: 'Run 1' }).waitFor();
      // The printed address, typed into an open page, changes the token and is taken out of the address.
      await page.goto(`${origin}/#${operator}`);
      await page.getByText('Opened as an operator').waitFor();
      expect(page.url()).not.toContain(operator);
      await other.getByRole('button', { name: 'Forget the token' }).click();
      await page.getByLabel('Token').waitFor();
      await other.getByLabel('Token').waitFor();
    };
    await withServedPage(browser, link, DESK, use, /40[13]/, { kept: [], at: /^(#\/[\w/-]*)?$/ });
  });

  it('another site reaches nothing: no cookie goes with its request, and the request is refused', {
    timeout: 60_000,
  }, async () => {
    const evil = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<h1>x</h1>'),
    );
    await new Promise<void>((ready) => evil.listen(0, '127.0.0.1', ready));
    try {
      await withLab('#/campaigns/2', async (page) => {
        await page.getByRole('grid').waitFor();
        const other = await page.context().newPage();
        await other.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
        const sent = other.waitForResponse(`${origin}/v1/campaigns/2/cancel`);
        await other.evaluate(
          `(() => { const form = document.createElement('form'); form.method = 'post'; form.enctype = 'text/plain';
            form.action = '${origin}/v1/campaigns/2/cancel'; document.body.append(form); form.submit(); })()`,
        );
        const response = await sent;
        expect(response.status()).toBe(403);
        expect(await response.request().headerValue('cookie')).toBeNull();
        expect(await response.request().headerValue('authorization')).toBeNull();
      });
    } finally {
      evil.close();
    }
  });

  it('by keyboard alone: into the matrix, by arrows through it, to a run; a search and what it finds', {
    timeout: 60_000,
  }, async () => {
    await withLab('#/campaigns', async (page) => {
      await page.getByText('nightly again').waitFor();
      await tabTo(page, 'Campaign 2: nightly again');
      await page.keyboard.press('Enter');
      await page.getByRole('grid').waitFor();
      expect(await page.evaluate('document.activeElement.textContent')).toContain('Campaign 2');
      await tabTo(page, 'apcv, bench tap: 1 waiting');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('vitale2, conform iso7816-4: 1 passed');
      await page.keyboard.press('Home');
      expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('vitale2, bench tap: 1 waiting');
      await page.keyboard.press('Control+Home');
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'apcv × conform iso7816-4' }).waitFor();
      await tabTo(page, /^Campaign 2, run 2,/);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Run 2' }).waitFor();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Shift+Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Campaign 2');
      await tabTo(page, 'Search');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Search' }).waitFor();
      await tabTo(page, 'Words');
      await page.keyboard.type('onerror');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Runs with “onerror”' }).waitFor();
      await tabTo(page, /^Campaign 1, run 1,/);
    });
  });

  it('a viewer sees everything, and neither sees nor may do what is an operator’s', { timeout: 60_000 }, async () => {
    await withLab(
      '#/campaigns/2',
      async (page) => {
        await page.getByRole('grid').waitFor();
        await page.getByText('Opened as a viewer').waitFor();
        expect(await page.getByRole('button', { name: /Cancel|quarantine|back/ }).count()).toBe(0);
        await page.goto(`${origin}/#/benches`);
        await page.getByText('its reader was changed').waitFor();
        expect(await page.getByRole('button', { name: /Cancel|quarantine|back/ }).count()).toBe(0);
      },
      { token: seeded.viewer },
    );
    expect((await ask('/v1/campaigns/2/cancel', seeded.viewer, {})).status).toBe(403);
    expect((await ask('/v1/benches/bench-1/quarantine', seeded.viewer, { reason: 'x' })).status).toBe(403);
    expect(await (await ask('/v1/me', seeded.viewer)).json()).toEqual({ role: 'viewer' });
  });

  it('hears of changes, and asks every second while nobody tells', { timeout: 60_000 }, async () => {
    const reason = async (text: string | null): Promise<void> => {
      expect((await ask('/v1/benches/bench-2/quarantine', operator, { reason: text })).status).toBe(200);
    };
    await withLab('#/benches/bench-2', async (page) => {
      await page.getByText('its reader was changed').waitFor();
      await page.waitForTimeout(2500);
      // Nothing is asked for while nothing changes; one change, one question.
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await reason('told by the stream');
      await page.getByText('told by the stream').waitFor();
      expect(asked).toEqual(['/v1/benches']);
    });
    await withServedPage(
      browser,
      `${origin}/`,
      DESK,
      async (page) => {
        await page.route('**/v1/events', (route) => route.fulfill({ status: 503, body: '{}' }));
        await page.goto(`${origin}/#${operator}`);
        await page.getByText('nightly again').waitFor();
        await page.goto(`${origin}/#/benches/bench-2`);
        await page.getByText('told by the stream').waitFor();
        await reason('its reader was changed');
        await page.getByText('its reader was changed').waitFor();
      },
      /503/,
      LEFT,
    );
  });

  describe('what an operator changes, after a question', () => {
    it('a bench goes into quarantine with a reason, and comes back', { timeout: 60_000 }, async () => {
      await withLab('#/benches/bench-1', async (page) => {
        await page.getByRole('button', { name: 'Put bench-1 into quarantine' }).click();
        const dialog = page.getByRole('dialog', { name: 'Put bench-1 into quarantine' });
        await dialog.getByRole('button', { name: 'Put into quarantine' }).click();
        await dialog.getByText('A reason is needed').waitFor();
        await dialog.getByLabel('Reason').fill(`a new cable ${MARKUP}`);
        await page.keyboard.press('Enter');
        await dialog.waitFor({ state: 'detached' });
        await page.getByText(`in quarantine: a new cable ${MARKUP}`).waitFor();
        await page.getByRole('button', { name: 'Let bench-1 back' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Let it back' }).click();
        await page.getByText('in quarantine').waitFor({ state: 'detached' });
      });
    });

    it('a campaign is cancelled; Escape leaves it as it is', { timeout: 60_000 }, async () => {
      await withLab('#/campaigns/2', async (page) => {
        await page.getByRole('button', { name: 'Cancel what waits and runs' }).click();
        await page.getByRole('dialog').waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel what waits and runs');
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').getByRole('button', { name: 'Cancel 2 runs' }).click();
        await page.getByText('1 failed, 2 cancelled, 1 passed').first().waitFor();
        await page.getByRole('button', { name: 'Cancel what waits and runs' }).waitFor({ state: 'detached' });
      });
    });
  });
});

/** How much of what was seen has moved without the reader's doing, as browsers sum it up (CLS). */
const SHIFTED = `new Promise((told) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => told(sum)));
})`;
