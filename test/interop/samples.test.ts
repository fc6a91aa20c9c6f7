import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { needsPcsc, pages, runPage, samplesOf } from '../../scripts/samples.mjs';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';

const ROOT = new URL('../..', import.meta.url);
const NEEDS = [...PCSC_STACK, 'pcscd of our own'] as const;
const PAGE_LIMIT_MS = 240_000;

/** The rest of each page is run by the unit tests; a page's commands need those before them, so all of it runs. */
const throughPcsc = pages().filter((page) =>
  samplesOf(readFileSync(new URL(page, ROOT), 'utf8')).some(({ command }) => needsPcsc(command)),
);

describeNeeds(NEEDS, 'the outputs shown in the pages, through PC/SC', () => {
  let pcscd: Pcscd;
  beforeAll(async () => {
    pcscd = await Pcscd.start();
  });
  afterAll(() => pcscd.stop());

  it.each(throughPcsc)(
    '%s',
    async (page) => {
      const { ran } = await runPage(page, { pcsc: true });
      expect(ran.length).toBeGreaterThan(0);
      for (const { agrees, text, output, command } of ran) if (!agrees) expect(output, command).toBe(text);
    },
    PAGE_LIMIT_MS,
  );
});
