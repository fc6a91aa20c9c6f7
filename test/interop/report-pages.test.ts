import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { replay } from '../../rig/judge/replay/replay.ts';
import { longTrace } from '../../rig/measure/replay-report.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { makeSuite, runSuite, shippedTrace, withOtherAnswer } from '../rig/judge/suite/suite-run.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['chromium'], 'a report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let large: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-report-'));
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
    large = await report(longTrace(10_000, 'few'));
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The report of a replay that goes on after each divergence. */
  async function report(trace: string): Promise<string> {
    const [file, html] = [join(folder, 'long.jsonl'), join(folder, 'long.html')];
    writeFileSync(file, trace);
    await replay(
      {
        trace: file,
        from: null,
        reader: { driver: 'loopback' },
        card: { kind: 'profile', name: 'vitale2' },
        interface: null,
        rules: null,
        secrets: null,
        keepGoing: true,
        pace: 'fast',
        maxDeviation: null,
        record: { file: null, keepSecrets: false },
        keepSecrets: false,
        timeoutMs: 1000,
        outputs: { html, junit: null, evidence: null },
      },
      fakeIo(),
    );
    return html;
  }

  /** Opens a report without a network; whatever the page complains of, or asks for beyond its file, is a failure. */
  async function withPage(
    html: string,
    use: (page: Page) => Promise<void>,
    { javaScriptEnabled = true, width = 1280 }: { javaScriptEnabled?: boolean; width?: number } = {},
  ): Promise<void> {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width, height: 900 }, offline: true });
    const complaints: string[] = [];
    const opened = pathToFileURL(html).href;
    try {
      const page = await context.newPage();
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (request.url().replace(/#.*/, '') !== opened) complaints.push(request.url());
      });
      await page.goto(opened);
      if (javaScriptEnabled && (await page.locator('#viewer').count()) > 0) {
        await page.waitForFunction('document.documentElement.dataset.ready === "yes"');
      }
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
    }
  }

  /** How much wider the page is than the window. */
  const tooWide = async (page: Page): Promise<number> =>
    Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));

  const selected = (page: Page): Promise<string | null> =>
    page.getAttribute('#list [aria-selected=true]', 'aria-label');

  it('shows 10,000 exchanges with few elements', () =>
    withPage(large, async (page) => {
      expect(await page.textContent('#found')).toBe('10000 of 10000 exchanges');
      expect(Number(await page.evaluate('document.querySelectorAll("*").length'))).toBeLessThan(1500);
      await page.focus('#list');
      await page.keyboard.press('End');
      expect(await selected(page)).toMatch(/^10000, /);
      await page.keyboard.press('ArrowUp');
      expect(await selected(page)).toMatch(/^9999, /);
      await page.keyboard.press('Home');
      expect(await selected(page)).toMatch(/^1, PASS, SELECT, 9000$/);
      expect(Number(await page.evaluate('document.querySelectorAll("*").length'))).toBeLessThan(1500);
    }));

  it('goes from one divergence to the next by key, and shows both sides', () =>
    withPage(large, async (page) => {
      await page.keyboard.press('n');
      const first = await selected(page);
      expect(first).toMatch(/, FAIL, /);
      expect(await page.locator('#detail mark').count()).toBeGreaterThan(1);
      expect(await page.textContent('#detail')).toContain('Answer expected');
      await page.keyboard.press('n');
      expect(await selected(page)).not.toBe(first);
      await page.keyboard.press('p');
      expect(await selected(page)).toBe(first);
    }));

  it('finds by number, hex, text in the data and name', () =>
    withPage(large, async (page) => {
      const found = async (typed: string): Promise<number> => {
        await page.keyboard.press('/');
        await page.keyboard.type(typed);
        const count = Number((await page.textContent('#found'))?.split(' ')[0]);
        await page.keyboard.press('Escape');
        return count;
      };
      expect(await found('#4321')).toBe(1);
      expect(await found('no such thing')).toBe(0);
      // 10,000 exchanges are 416 walks of 24 commands and 16 more; each selects VITALE once at its beginning.
      const walks = longTrace(10_000, 'few')
        .split('\n')
        .filter((line) => line.includes('"type":"command"'));
      const selects = walks.filter((line) => line.includes('"apdu":"00A4')).length;
      expect(await found('select')).toBe(selects);
      expect(await found('00 a4 04')).toBeGreaterThan(0);
      expect(await found('E4ADRUN')).toBe(0);
      expect(await page.textContent('#found')).toBe('10000 of 10000 exchanges');
      await page.click('#verdicts label:first-child input');
      expect(await page.textContent('#found')).toMatch(/^10 of 10000/);
    }));

  it('decodes the data objects of a suite, and leads from the table to the exchange', async () => {
    const suite = makeSuite(
      folder,
      'version: 1\ntraces:\n  - { id: first, file: good.jsonl }\n  - { id: second, file: bad.jsonl }\n',
      {
        'good.jsonl': shippedTrace('identity.jsonl'),
        // 80 name of the first person: ADRUN.
        'bad.jsonl': shippedTrace('identity.jsonl').replace('414452554E', '414452554F'),
      },
    );
    const html = join(folder, 'suite.html');
    const outputs = { html, junit: null, evidence: null };
    await runSuite(suite, { outputs, keepSecrets: true });
    await withPage(html, async (page) => {
      await page.click('a.jump');
      expect(await selected(page)).toBe('2, FAIL, READ BINARY, 9000');
      const row = (await page.textContent('table.fields tr.differs')) ?? '';
      expect(row).toContain('80 name');
      expect(row).toContain('"ADRUO"');
      expect(row).toContain('"ADRUN"');
      await page.selectOption('#replay', { index: 0 });
      expect(await page.textContent('#found')).toBe('4 of 4 exchanges');
      expect(await page.locator('#list [aria-selected=true]').count()).toBe(0);
      // What has nothing to tell leads to its exchanges.
      await page.click('a:has-text("first")');
      expect(await selected(page)).toBe('1, PASS, SELECT, 9000');
      await page.click('a:has-text("second")');
      expect(await page.evaluate('document.querySelector(":target").id')).toBe('t-second');
    });
    // Where a mask hides the two values, it still shows in which field they differ.
    await runSuite(suite, { outputs });
    expect(readFileSync(html, 'utf8')).not.toMatch(/414452554[EF]|ADRU[NO]/);
    await withPage(html, async (page) => {
      await page.click('a.jump');
      expect(await page.locator('table.fields tr.differs').allInnerTexts()).toEqual([
        expect.stringMatching(/^80 name\s+X{10}\s+X{10}$/),
      ]);
    });
  });

  it('says what matters without a script', async () => {
    const suite = makeSuite(folder, 'version: 1\ntraces:\n  - { id: one, file: bad.jsonl }\n', {
      'bad.jsonl': withOtherAnswer(shippedTrace('identity.jsonl'), 2),
    });
    const html = join(folder, 'plain.html');
    await runSuite(suite, { outputs: { html, junit: null, evidence: null } });
    await withPage(
      html,
      async (page) => {
        const text = await page.innerText('body');
        expect(text).toContain('differs at exchange 2');
        expect(text).toContain('The list of all exchanges needs the script of this page.');
        expect(await page.isVisible('#viewer')).toBe(false);
      },
      { javaScriptEnabled: false },
    );
  });

  it('fits a narrow window, with one exchange open too', () =>
    withPage(
      large,
      async (page) => {
        expect(await tooWide(page)).toBe(0);
        await page.keyboard.press('n');
        expect(await page.locator('#detail .dump').count()).toBeGreaterThan(1);
        expect(await tooWide(page)).toBe(0);
      },
      { width: 400 },
    ));

  it('of a conformance run opens as quietly, and its cases by key', async () => {
    const html = join(folder, 'conform.html');
    const args = ['conform', '--profile', 'vitale2', '--only', 'CLA-*', '--html', html];
    expect(await runCommandLine(args, '0.0.0', VERBS, fakeIo())).toBe(0);
    await withPage(html, async (page) => {
      const cases = page.locator('details.item');
      expect(await cases.count()).toBeGreaterThan(5);
      expect(await page.locator('details.item[open]').count()).toBe(0);
      await page.locator('details.item > summary').first().focus();
      await page.keyboard.press('Enter');
      expect(await page.locator('details.item[open] table.steps').first().isVisible()).toBe(true);
    });
    await withPage(html, async (page) => expect(await tooWide(page)).toBe(0), { width: 400 });
  });

  it('shows markup of a trace and of its rules as what it is: text', async () => {
    const markup = '</script><script>document.title = "taken"</script><img src=x onerror=alert(1)>';
    const suite = makeSuite(folder, 'version: 1\ntraces:\n  - { id: one, file: bad.jsonl, rules: r.yaml }\n', {
      'bad.jsonl': withOtherAnswer(
        shippedTrace('identity.jsonl').replace('"source":"vitap tap"', () => `"source":${JSON.stringify(markup)}`),
        2,
      ),
      'r.yaml': `version: 1\nrules:\n  - { name: '${markup}', exchanges: 1-4 }\n`,
    });
    const html = join(folder, 'markup.html');
    await runSuite(suite, { outputs: { html, junit: null, evidence: null } });
    await withPage(html, async (page) => {
      await page.click('a.jump');
      expect(await page.textContent('#detail')).toContain(`rule: ${markup}`);
      expect(await page.innerText('main')).toContain(markup);
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toMatch(/^Replay: /);
    });
  });

  it('runs no other script than its own', async () => {
    const html = join(folder, 'changed.html');
    writeFileSync(
      html,
      readFileSync(large, 'utf8').replace('<main>', '<main><script>document.title = "taken"</script>'),
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(pathToFileURL(html).href);
    expect(await page.title()).toMatch(/^Replay: /);
    await context.close();
  });
});
