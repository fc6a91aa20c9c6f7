import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { conform } from '../../rig/judge/conform/conform.ts';
import type { ConformOptions } from '../../rig/judge/conform/options.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { conformOptions } from '../rig/judge/conform/conform-options.ts';
import { serveProfile } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { slotIsEmpty } from './vpcd-card.ts';

/** About sixty cases of every kind: reading, writing, codes, channels, chains, resets, lengths at the link's limits. */
const SOME =
  'CLA-0*,INS-*,SEL-1?3,SEL-11?,RBI-00*,RBI-04?,UBI-01?,VER-A0?,CHA-00?,CHN-00?,RRP-V*,EXT-00?,GRE-01?,!SEL-118';

interface Document {
  readonly counts: Readonly<Record<string, number>>;
  readonly cases: readonly { readonly id: string; readonly verdict: string; readonly linkLimited: boolean }[];
  readonly declaration: string;
  readonly environment: { readonly reader: string; readonly backend: string };
}

async function run(more: Partial<ConformOptions>): Promise<{ readonly exit: number; readonly document: Document }> {
  const io = fakeIo();
  const exit = await conform(conformOptions({ only: SOME, json: '-', ...more }), io);
  return { exit, document: JSON.parse(io.out.join('')) as Document };
}

describeNeeds(PCSC_STACK, 'conformance through PC/SC', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  afterEach(() => slotIsEmpty());

  it.each(['lab', 'vitale2'])(
    '%s gets the verdicts that it gets in process, but for what the link cannot carry',
    async (name) => {
      const card = { kind: 'profile', name } as const;
      const inside = await run({ card, reader: { driver: 'loopback' } });
      const through = await run({ card });
      expect(through.exit).toBe(0);
      expect(through.document.environment).toMatchObject({ reader: 'Virtual PCD 00 00', backend: 'simulated' });
      expect(through.document.cases.length).toBeGreaterThanOrEqual(60);

      const limited = through.document.cases.filter((each) => each.linkLimited).map(({ id }) => id);
      expect(limited).toEqual(
        name === 'lab' ? ['INS-011', 'INS-012', 'INS-013', 'EXT-002'] : ['INS-011', 'INS-012', 'INS-013'],
      );
      const verdicts = ({ document }: typeof inside): string[] =>
        document.cases.filter(({ id }) => !limited.includes(id)).map(({ id, verdict }) => `${id} ${verdict}`);
      expect(verdicts(through)).toEqual(verdicts(inside));
    },
  );

  it('a card of which nothing is known is judged by what it says of itself, and not changed', async () => {
    const served = await serveProfile('vitale2', 'contact');
    try {
      const { exit, document } = await run({ only: 'CLA-*,INS-00*,DIR-*,SEL-MF*,VER-*' });
      expect(document.declaration).toBe('what the card says of itself');
      expect(document.environment.backend).toBe('simulated');
      expect(document.counts).toMatchObject({ fail: 0, inconclusive: 0 });
      expect(document.counts.pass).toBeGreaterThanOrEqual(15);
      expect(exit).toBe(0);
    } finally {
      await served.remove();
    }
  });

  it('a Vitale card in the reader is judged by the Vitale suite without a declaration', async () => {
    const served = await serveProfile('vitale2', 'contact');
    try {
      const { exit, document } = await run({ suite: 'vitale', only: null });
      expect(document.counts).toMatchObject({ fail: 0, inconclusive: 0 });
      expect(document.counts.pass).toBeGreaterThanOrEqual(6);
      expect(exit).toBe(0);
    } finally {
      await served.remove();
    }
  });

  it('a card taken out in the middle fails nothing: what could not be judged is inconclusive', async () => {
    const served = await serveProfile('vitale2', 'contact');
    setTimeout(() => served.link.stop(), 1500);
    const { exit, document } = await run({ only: 'SEL-118,CLA-*,INS-00*', timeoutMs: 3000 });
    expect(exit).toBe(1);
    expect(document.counts.fail).toBe(0);
    expect(document.counts.inconclusive).toBeGreaterThan(0);
  });
});
