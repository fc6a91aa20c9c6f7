import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { html } from '../../../rig/report/html.ts';
import { hexText, pageEnvironment, reportPage, table, verdict } from '../../../rig/report/page.ts';
import { counted, spanInWords } from '../../../rig/report/words.ts';

const ENVIRONMENT = {
  program: 'vitap 0.0.0',
  commit: null,
  node: 'v20',
  system: 'Linux',
  machine: 'a machine',
  host: 'here',
  backend: 'simulated',
  reader: 'a <reader>',
  protocol: 'T=1',
  atr: '3B00',
  card: 'a "card"',
  startedAt: '2025-01-01T00:00:00.000Z',
  durationMs: 1250,
} as const;

describe('markup', () => {
  it('escapes what is put in, and leaves markup as it is', () => {
    expect(html`<p class="${'a"b'}">${"<script>&'"}</p>`.text).toBe('<p class="a&quot;b">&lt;script&gt;&amp;&#39;</p>');
    expect(html`<ul>${[1, 2].map((each) => html`<li>${each}</li>`)}</ul>`.text).toBe('<ul><li>1</li><li>2</li></ul>');
    expect(html`a${null}b${false}c`.text).toBe('abc');
  });
});

describe('a report', () => {
  const page = reportPage({
    title: 'A & B',
    verdict: verdict('fail'),
    answer: '2 <of> 3',
    lead: 'lead',
    environment: pageEnvironment(ENVIRONMENT),
    sections: [
      { id: 'one', title: 'First', body: html`<p>body</p>` },
      null,
      { id: 'two', title: 'Second', body: table([{ head: 'n', number: true }, { head: '' }], [[1, 2]]) },
    ],
  });

  it('has its environment in its head, and allows nothing but its style', () => {
    expect(page).toContain('<title>A &amp; B</title>');
    expect(page).toContain('<dd>a &lt;reader&gt;, T=1</dd>');
    expect(page).toContain('<dt>Took</dt><dd>1.3 s</dd>');
    expect(page).toMatch(/default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'"/);
    expect(page.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
  });

  it('tells verdicts apart without colours, and is for light, dark and paper', () => {
    const signs = (['pass', 'fail', 'inconclusive', 'not-applicable'] as const).map((each) =>
      verdict(each).text.replace(/<[^>]*>/g, ''),
    );
    expect(new Set(signs.map((sign) => sign[0])).size).toBe(4);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('@media print');
  });

  it('says verdict and answer before all else, folds the environment, and leads to its sections', () => {
    const { document } = parseHTML(page);
    expect(document.body.textContent.trim()).toMatch(/^✘ FAIL 2 <of> 3\s+A & B\s+lead/);
    expect(document.querySelector('details.environment')?.hasAttribute('open')).toBe(false);
    const links = [...document.querySelectorAll('nav a')];
    expect(links.map((link) => link.textContent)).toEqual(['First', 'Second']);
    for (const link of links) {
      const section = document.querySelector(link.getAttribute('href') as string);
      expect(section?.querySelector('h2')?.textContent).toBe(link.textContent);
    }
  });

  it('gives each head of a table its scope, and each cell its head for narrow screens', () => {
    const { document } = parseHTML(page);
    expect([...document.querySelectorAll('th')].map((head) => head.getAttribute('scope'))).toEqual(['col']);
    expect([...document.querySelectorAll('td')].map((cell) => cell.getAttribute('data-head'))).toEqual([null, 'n', '']);
  });

  it('aligns numbers, and cuts very long hex short', () => {
    expect(table([{ head: 'n', number: true }], [[1]]).text).toContain('<td class="number" data-head="n">1</td>');
    expect(hexText('AB'.repeat(400), 10).text).toBe('<span class="hex">ABABABABAB… (400 bytes)</span>');
  });
});

describe('numbers in words', () => {
  it.each([
    [0, '0 cases'],
    [1, '1 case'],
    [2, '2 cases'],
  ])('%i', (count, words) => {
    expect(counted(count, 'case')).toBe(words);
  });

  it('takes a plural of its own', () => {
    expect(counted(2, 'earlier pass', 'earlier passes')).toBe('2 earlier passes');
  });

  it.each([
    [0, 'under 1 ms'],
    [0.0004, '1 µs'],
    [0.48, '480 µs'],
    [0.9996, '1.0 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [124.4, '124 ms'],
    [999.6, '1.0 s'],
    [1250, '1.3 s'],
    [119_400, '119.4 s'],
    [119_600, '2 min 0 s'],
    [125_000, '2 min 5 s'],
  ])('%f ms is shown in a unit that shows something: %s', (ms, words) => {
    expect(spanInWords(ms)).toBe(words);
  });
});
