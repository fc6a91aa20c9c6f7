import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { WORDS as LAB_WORDS } from '../../rig/lab/pages/words.ts';
import { WORDS as IDENTITY_WORDS } from '../../rig/life/identity/provider/words.ts';
import { WORDS } from '../../rig/life/pages/words.ts';
import { FRAME_WORDS } from '../../rig/web/page/words.ts';

/** How a page is looked at: the size of the window, the colours, the language that the browser asks for. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
  readonly locale?: string;
}

/** A desk and a phone, light and dark. */
export const VIEWS: readonly View[] = [
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light', locale: 'fr-FR' },
  { width: 390, height: 844, colorScheme: 'dark', locale: 'fr-FR' },
];

export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...more];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args });
}

/**
 * Opens a served page in a browser that has never been there. Whatever the page complains of, keeps, or asks for beyond
 * its own server is a failure.
 * @param complaintsAllowed what the console may say, when the test makes the server refuse
 * @param left what a page may leave: names in the tab's storage, and where it may be in the end; ordinarily neither
 */
export async function withServedPage(
  browser: Browser,
  address: string,
  { width, height, colorScheme, locale = 'en-GB' }: View,
  use: (page: Page) => Promise<void>,
  complaintsAllowed: RegExp | null = null,
  left: { readonly kept: readonly string[]; readonly at: RegExp } = { kept: [], at: /^$/ },
): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale });
  const complaints: string[] = [];
  const { origin } = new URL(address);
  try {
    const page = await context.newPage();
    page.on('console', (message) => {
      if (complaintsAllowed?.test(message.text()) !== true) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (
        !/^data:/.test(request.url()) &&
        !request
          .url()
          .replace(/^blob:/, '')
          .startsWith(`${origin}/`)
      )
        complaints.push(request.url());
    });
    await page.goto(address);
    await use(page);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('[localStorage.length, Object.keys(sessionStorage), document.cookie]')).toEqual([
      ...[0, left.kept, ''],
    ]);
    expect(page.url().slice(origin.length + 1)).toMatch(left.at);
  } finally {
    await context.close();
  }
}

/** How a page looks: no wider than the window, nothing cut off, every text with the contrast that WCAG 2 AA asks for. */
export async function looksRight(page: Page): Promise<void> {
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  expect(await page.evaluate(CUT_OFF)).toEqual([]);
  expect(await page.evaluate(FAINT)).toEqual([]);
  expect(await foreignPhrases(page)).toEqual([]);
}

/**
 * What the page says in a language that it is not in, by the tables of all served pages. Texts under a `lang` of their own
 * are meant, and so is what both languages say alike.
 */
export async function foreignPhrases(page: Page): Promise<readonly string[]> {
  const language = await page.evaluate('document.documentElement.lang');
  if (language !== 'fr' && language !== 'en') return [];
  const said = (await page.evaluate(TEXTS)) as readonly string[];
  const [own, foreign] = [PHRASES[language], PHRASES[language === 'fr' ? 'en' : 'fr']];
  return said.filter(
    (text) =>
      !NAMES_OF_LANGUAGES.includes(text) &&
      foreign.some((phrase) => phrase.test(text)) &&
      !own.some((phrase) => phrase.test(text)),
  );
}

/** Each stands in its own language on the button that changes to it. */
const NAMES_OF_LANGUAGES: readonly string[] = ['Français', 'English'];

/** Each phrase as a pattern, with anything in place of its values; short ones of values alone say nothing. */
function patternsOf(phrases: readonly string[]): readonly RegExp[] {
  return phrases
    .filter((phrase) => phrase.replace(/\{\w+\}/g, '').trim().length > 2)
    .map((phrase) => {
      const escaped = phrase.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '.+');
      return new RegExp(`^${escaped.replaceAll(' ', '[ \u00a0]')}$`);
    });
}

const phrasesIn = (language: 'fr' | 'en'): readonly string[] => [
  ...Object.values(FRAME_WORDS).map((phrase) => phrase[language]),
  ...Object.values(WORDS).map((phrase) => phrase[language]),
  ...Object.values(LAB_WORDS).map((phrase) => phrase[language]),
  ...Object.values(IDENTITY_WORDS[language]).flatMap((words: string | object) =>
    typeof words === 'string' ? [words] : (Object.values(words) as string[]),
  ),
];
const PHRASES = { fr: patternsOf(phrasesIn('fr')), en: patternsOf(phrasesIn('en')) };

/** What is read on the page or read aloud, without what has a language of its own. */
const TEXTS = `(() => {
  const texts = [];
  for (const element of document.querySelectorAll('body, body *')) {
    if (element.closest('[lang]') !== document.documentElement) continue;
    for (const node of element.childNodes) if (node.nodeType === 3) texts.push(node.textContent);
    texts.push(element.getAttribute('aria-label'), element.getAttribute('alt'), element.getAttribute('title'));
  }
  return texts.map((text) => (text ?? '').trim()).filter((text) => text !== '');
})()`;

/** Moves by Tab alone until the element with that name has the focus, and fails when it is not reached. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = String(await page.evaluate(FOCUSED));
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
    seen.push(focused);
  }
  throw new Error(`Tab does not reach ${name}; it passes ${seen.join(' | ')}`);
}

/** The name of what has the focus, as a reader would call it. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  if (element === null) return '';
  return element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent ?? '';
})()`;

const CUT_OFF = `[...document.querySelectorAll('body *')].filter((element) => {
  const { width, height, right } = element.getBoundingClientRect();
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
  return own && width > 1 && height > 1 && (right > innerWidth + 0.5 || element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline');
}).map((element) => element.outerHTML.slice(0, 120))`;

/** Texts whose contrast with what lies under them is below 4.5 to 1, by the formula of WCAG 2. */
const FAINT = `(() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || element.closest('svg, noscript') !== null || element.getBoundingClientRect().width <= 1) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(contrast.toFixed(2) + ' ' + element.outerHTML.slice(0, 120));
  }
  return faint;
})()`;
