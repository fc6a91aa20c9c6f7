import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import { conform } from '../../rig/judge/conform/conform.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { FOREIGN_DECLARATION, ForeignCard } from '../rig/judge/conform/foreign-card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { serveOnVpcd, slotIsEmpty } from './vpcd-card.ts';

const profiles = join(import.meta.dirname, '../vectors/profiles');
/** Some of every kind that writes, spends tries or changes a code, and what reads after it. */
const SOME = 'SEL-1?3,RBI-00*,UBI-0*,URE-F*,VER-K0*,CHG-K*,REF-D6-*,REF-DC-*';

interface Document {
  readonly counts: Readonly<Record<string, number>>;
  readonly cases: readonly { readonly id: string; readonly verdict: string; readonly reason: string }[];
}

async function judge(card: LinkedCard, declare: string | null): Promise<Document> {
  const inserted = await serveOnVpcd(card, { interface: 'contact' });
  try {
    const io = fakeIo();
    await conform(
      {
        suite: 'iso7816-4',
        reader: { driver: 'pcsc', name: null },
        card: null,
        interface: null,
        declare,
        only: SOME,
        list: false,
        coverage: false,
        destructive: declare !== null,
        json: '-',
        junit: null,
        html: null,
        timeoutMs: 10_000,
      },
      io,
    );
    return JSON.parse(io.out.join('')) as Document;
  } finally {
    await inserted.remove();
  }
}

const failed = ({ cases }: Document): string[] =>
  cases.filter(({ verdict }) => verdict === 'fail').map(({ id, reason }) => `${id}: ${reason}`);

describeNeeds(PCSC_STACK, 'conformance of a card in a reader that is not renewed', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  afterEach(() => slotIsEmpty());

  it('declared, with cases that change it: none fails', { timeout: 180_000 }, async () => {
    const { card } = await openCard({ kind: 'profile', name: join(profiles, 'declared.yaml') });
    const document = await judge(card.port('contact'), join(profiles, 'declared-declaration.yaml'));
    expect(failed(document)).toEqual([]);
    expect(document.counts.pass).toBeGreaterThan(25);
  });

  it('of another maker, declared, with cases that change it: none fails', { timeout: 180_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-foreign-'));
    try {
      const file = join(folder, 'foreign.yaml');
      writeFileSync(file, FOREIGN_DECLARATION);
      const document = await judge(new ForeignCard('none'), file);
      expect(failed(document)).toEqual([]);
      expect(document.counts.pass).toBeGreaterThan(10);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of another maker, by what it says of itself: none fails', { timeout: 60_000 }, async () => {
    const document = await judge(new ForeignCard('bare'), null);
    expect(failed(document)).toEqual([]);
    expect(document.counts.pass).toBeGreaterThan(1);
  });
});
