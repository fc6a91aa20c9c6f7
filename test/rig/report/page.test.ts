import { describe, expect, it } from 'vitest';
import { html } from '../../../rig/report/html.ts';
import { hexText, reportPage, table, verdict } from '../../../rig/report/page.ts';

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
  const page = reportPage({ title: 'A & B', lead: 'lead', environment: ENVIRONMENT, body: html`<p>body</p>` });

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

  it('aligns numbers, and cuts very long hex short', () => {
    expect(table([{ head: 'n', number: true }], [[1]]).text).toContain('<td class="number">1</td>');
    expect(hexText('AB'.repeat(400), 10).text).toBe('<span class="hex">ABABABABAB… (400 bytes)</span>');
  });
});
