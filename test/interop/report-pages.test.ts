import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchPage } from '../../rig/board/batch-html.ts';
import type { BatchOutcome } from '../../rig/board/batch-junit.ts';
import { boardPage } from '../../rig/board/html.ts';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { replay } from '../../rig/judge/replay/replay.ts';
import { longTrace } from '../../rig/measure/replay-report.ts';
import { tapHtml } from '../../rig/measure/tap-report/html.ts';
import { fullRecord } from '../rig/board/full-record.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { makeSuite, runSuite, shippedTrace, withOtherAnswer } from '../rig/judge/suite/suite-run.ts';
import { measuredResult } from '../rig/measure/compare/measured-result.ts';
import { describeNeeds } from './real-parts.ts';

interface View {
  readonly javaScriptEnabled?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

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
    { javaScriptEnabled = true, width = 1280, height = 900, colorScheme = 'light' }: View = {},
  ): Promise<void> {
    const viewport = { width, height };
    const context = await browser.newContext({ javaScriptEnabled, viewport, colorScheme, offline: true });
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
    Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));

  /** Elements with words of their own that reach out of the window or out of what holds them, and cannot be scrolled to. */
  const CUT_OFF = `(() => {
    const cut = [];
    for (const element of document.querySelectorAll('header *, main *')) {
      const { width, height, right } = element.getBoundingClientRect();
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
      if (!own || width === 0 || height === 0 || element.closest('.broad, #list, pre, svg')) continue;
      if (right > innerWidth + 0.5) cut.push(element.outerHTML.slice(0, 80));
    }
    return cut;
  })()`;

  /** What holds for every report, at the width of a desk and of a phone, light and dark. */
  async function answersFirst(html: string, word: string, answer: RegExp): Promise<void> {
    for (const [width, height, colorScheme] of [
      [1280, 900, 'light'],
      [390, 844, 'dark'],
    ] as const) {
      await withPage(
        html,
        async (page) => {
          const heading = page.locator('h1');
          expect(await heading.innerText()).toMatch(answer);
          expect(await heading.locator('.verdict').innerText()).toBe(word);
          // Whole in the first screen, and nothing stands before it.
          const box = await heading.boundingBox();
          expect((box?.y ?? height) + (box?.height ?? 0)).toBeLessThan(height);
          expect((await page.innerText('body')).trim().startsWith(word)).toBe(true);
          expect(await page.locator('details.environment dl').isVisible()).toBe(false);
          expect(await tooWide(page)).toBeLessThanOrEqual(0);
          expect(await page.evaluate(CUT_OFF)).toEqual([]);
          // The environment opens by key.
          await page.locator('details.environment > summary').focus();
          await page.keyboard.press('Enter');
          expect(await page.locator('details.environment dl').isVisible()).toBe(true);
          expect(await tooWide(page)).toBeLessThanOrEqual(0);
          const links = await page.locator('nav a').all();
          expect(links.length).toBeGreaterThan(1);
          for (const link of links) {
            expect(await page.locator(`section${await link.getAttribute('href')}`).count()).toBe(1);
          }
          const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
          expect(ground).toBe(colorScheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)');
        },
        { width, height, colorScheme },
      );
    }
  }

  /** After a click on a link ask again until it holds: the browser tells the page of a new fragment in an event of its own. */
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
      await expect.poll(() => selected(page)).toBe('2, FAIL, READ BINARY, 9000');
      const row = (await page.textContent('table.fields tr.differs')) ?? '';
      expect(row).toContain('80 name');
      expect(row).toContain('"ADRUO"');
      expect(row).toContain('"ADRUN"');
      await page.selectOption('#replay', { index: 0 });
      await expect.poll(() => page.textContent('#found')).toBe('4 of 4 exchanges');
      expect(await page.locator('#list [aria-selected=true]').count()).toBe(0);
      // What has nothing to tell leads to its exchanges.
      await page.click('a:has-text("first")');
      await expect.poll(() => selected(page)).toBe('1, PASS, SELECT, 9000');
      await page.click('a:has-text("second")');
      await expect.poll(() => page.evaluate('document.querySelector(":target").id')).toBe('t-second');
    });
    // Where a mask hides the two values, it still shows in which field they differ.
    await runSuite(suite, { outputs });
    expect(readFileSync(html, 'utf8')).not.toMatch(/414452554[EF]|ADRU[NO]/);
    await withPage(html, async (page) => {
      await page.click('a.jump');
      await expect
        .poll(() => page.locator('table.fields tr.differs').allInnerTexts())
        .toEqual([expect.stringMatching(/^80 name\s+X{10}\s+X{10}$/)]);
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

  describe('answers in its first screen, on a desk and on a phone, light and dark', () => {
    it('a replay', { timeout: 60_000 }, () =>
      answersFirst(large, '✘ FAIL', /\d+ exchanges as expected, 10 not; the first is exchange \d+, /),
    );

    it('a suite', { timeout: 60_000 }, async () => {
      const suite = makeSuite(
        folder,
        'version: 1\ntraces:\n  - { id: one, file: bad.jsonl }\n  - { id: two, file: good.jsonl }\n',
        {
          'bad.jsonl': withOtherAnswer(shippedTrace('identity.jsonl'), 2),
          'good.jsonl': shippedTrace('identity.jsonl'),
        },
      );
      const html = join(folder, 'two.html');
      await runSuite(suite, { outputs: { html, junit: null, evidence: null } });
      await answersFirst(html, '✘ FAIL', /1 of 2 traces as expected; not one$/);
    });

    it('a conformance run', { timeout: 60_000 }, async () => {
      const html = join(folder, 'judged.html');
      const args = ['conform', '--profile', 'vitale2', '--only', 'CLA-00*', '--html', html];
      expect(await runCommandLine(args, '0.0.0', VERBS, fakeIo())).toBe(0);
      await answersFirst(html, '✔ PASS', /\d+ cases passed, none failed$/);
    });

    it('taps', { timeout: 60_000 }, async () => {
      const html = join(folder, 'taps.html');
      const measured = await measuredResult();
      writeFileSync(html, await tapHtml({ ...measured, verdict: 'pass' }));
      await answersFirst(html, '✔ PASS', /(µs|ms): .* (card|host|link)/);
    });

    it('a batch, with names that are markup and that have no end', { timeout: 60_000 }, async () => {
      const nothing = { profile: null, cardSerial: null, verified: null, reason: null, at: '' };
      const rows: BatchOutcome[] = [
        {
          ...nothing,
          serialNumber: 'B1',
          outcome: 'done',
          board: 'stm32:/dev/ttyUSB0',
          verified: 'read back: 9000 bytes',
        },
        {
          ...nothing,
          serialNumber: '<img src=x onerror=alert(1)>',
          outcome: 'failed',
          board: `stm32:/dev/${'x'.repeat(300)}`,
          reason: '<script>document.title="no"</script>',
        },
        { ...nothing, serialNumber: 'W'.repeat(64), outcome: 'open', board: null },
      ];
      const html = join(folder, 'batch.html');
      const scene = { station: '<b>bench</b>', backend: 'simulated', startedAt: '2026-11-29T12:00:00Z' } as const;
      const numbers = { done: 1, failed: 1, errors: 0, open: 1 };
      const document = { id: 'board-flash-batch', verdict: 'error', list: 'a<b>.csv', ...numbers, rows } as const;
      writeFileSync(
        html,
        batchPage(document, { ...scene, firmware: '"><i>.elf', verifyWith: null, program: 'vitap 0.0.0' }),
      );
      await answersFirst(html, '! ERROR', /1 of 3 boards has its firmware/);
      await withPage(html, async (page) => {
        expect(await page.locator('img, script, main b >> text=bench, i').count()).toBe(0);
        expect(await page.title()).toBe('Batch a<b>.csv');
        expect(await page.locator('#wrong').innerText()).toContain('<script>document.title="no"</script>');
      });
    });

    it('a board, and on one sheet of A4 with its environment', { timeout: 60_000 }, async () => {
      const html = join(folder, 'board.html');
      writeFileSync(html, await boardPage(fullRecord()));
      await answersFirst(html, '✘ FAIL', /Round-trip time: Median: 60 ms$/);
      await withPage(html, async (page) => {
        const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
        expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
        await page.emulateMedia({ media: 'print' });
        expect(await page.locator('details.environment dd', { hasText: 'A. Tester' }).isVisible()).toBe(true);
      });
    });
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
      await expect.poll(() => page.textContent('#detail')).toContain(`rule: ${markup}`);
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
