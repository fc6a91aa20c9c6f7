import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { presenceQrText } from '../../rig/life/credential/presence-qr.ts';
import { qrPng, qrSvg, qrTerminalText } from '../../rig/life/credential/qr-picture.ts';
import { readQrPicture } from '../../rig/life/credential/read-qr-picture.ts';
import { innerCwt, offlineQr, people } from '../rig/life/credential/card.ts';
import { describeNeeds } from './real-parts.ts';
import { launchChromium } from './served-page.ts';

/** What zbarimg reads in a picture. */
function zbarimg(file: string): string {
  const { stdout, stderr } = spawnSync('zbarimg', ['--raw', '--quiet', '-Sdisable', '-Sqrcode.enable', file], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  // Its own line end, and no more: the text itself may end in a space.
  expect(stdout.endsWith('\n'), stderr).toBe(true);
  return stdout.slice(0, -1);
}

async function texts(): Promise<readonly string[]> {
  return [
    presenceQrText('ABCDEFGHIJKLMNOPQRSTUVWX23'),
    ...(await Promise.all([1, 3, 5, 10].map((count) => offlineQr({ inner: innerCwt({ people: people(count) }) })))),
  ];
}

describeNeeds(['zbarimg'], 'zbarimg', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-qr-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([3, 4, 8, 16])(
    'reads every kind of QR code from a PNG of %i pixels a module',
    async (pixels) => {
      const file = join(folder, `${pixels}.png`);
      for (const text of await texts()) {
        writeFileSync(file, qrPng(text, pixels));
        expect(zbarimg(file)).toBe(text);
      }
    },
    120_000,
  );
});

describeNeeds(['zbarimg', 'chromium'], 'a QR code that Chromium draws', () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-qr-'));
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function screenshot(body: string, type: 'png' | 'jpeg', scheme: 'light' | 'dark' = 'light'): Promise<Buffer> {
    // A phone: 390 points wide, three pixels to the point.
    const page = await browser.newPage({
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 3,
      colorScheme: scheme,
    });
    try {
      await page.setContent(
        `<!doctype html><meta charset="utf-8"><style>:root{color-scheme:light dark}body{margin:0}</style>${body}`,
      );
      return await page.screenshot({ type, ...(type === 'jpeg' ? { quality: 60 } : {}) });
    } finally {
      await page.close();
    }
  }

  it.each(['light', 'dark'] as const)(
    'from SVG at the width of a phone is read by zbarimg and by us (%s)',
    async (scheme) => {
      for (const text of await texts()) {
        for (const type of ['png', 'jpeg'] as const) {
          const picture = await screenshot(`<div style="width:390px">${qrSvg(text)}</div>`, type, scheme);
          const file = join(folder, `shot.${type}`);
          writeFileSync(file, picture);
          expect(zbarimg(file), type).toBe(text);
          expect(await readQrPicture(picture), type).toBe(text);
        }
      }
    },
    240_000,
  );

  it('as the text of a terminal is read, on a dark and on a light one', async () => {
    for (const text of await texts()) {
      for (const [background, colours] of [
        ['dark', 'background:#000;color:#fff'],
        ['light', 'background:#fff;color:#000'],
      ] as const) {
        // Half blocks are as wide as half the height of the line: 3 by 6 points.
        const style = `${colours};font:6px/6px monospace;letter-spacing:0;margin:0;white-space:pre`;
        const drawn = drawBlocks(qrTerminalText(text, background), background);
        const picture = await screenshot(`<div style="${style}">${drawn}</div>`, 'png');
        const file = join(folder, 'terminal.png');
        writeFileSync(file, picture);
        expect(zbarimg(file), background).toBe(text);
      }
    }
  }, 240_000);
});

/**
 * Blocks as a terminal draws them, whose cells touch: fonts of a browser leave gaps between them. One rectangle for each
 * half of a cell that is in the colour of the text.
 */
function drawBlocks(text: string, background: 'dark' | 'light'): string {
  const ink = background === 'dark' ? '#fff' : '#000';
  const halves: Readonly<Record<string, readonly number[]>> = { '█': [0, 1], '▀': [0], '▄': [1], ' ': [] };
  const lines = text.split('\n');
  const cells = lines.flatMap((line, y) =>
    [...line].flatMap((character, x) =>
      (halves[character] as readonly number[]).map((half) => `M${x},${2 * y + half}h1v1h-1z`),
    ),
  );
  const [width, height] = [[...(lines[0] as string)].length, 2 * lines.length];
  return `<svg width="${3 * width}" height="${3 * height}" viewBox="0 0 ${width} ${height}" shape-rendering="crispEdges"><path fill="${ink}" d="${cells.join('')}"/></svg>`;
}
