import { describe, expect, it } from 'vitest';
import { benchIssuer } from '../../../../rig/life/bench/bench-issuer.ts';
import { listFigures } from '../../../../rig/life/bench/list-figures.ts';
import { fakeIo } from '../../console/fake-io.ts';

describe('bench issuer', { timeout: 120_000 }, () => {
  const options = { count: 6, sizes: [20, 40], lists: [9000], store: null };

  it('does what it says it measures, and judges it', async () => {
    const io = fakeIo({ json: true });
    const exit = await benchIssuer(options, io);
    const data = JSON.parse(io.out.join(''));
    // Whether a target is met is the machine's business, not this test's.
    expect(data).toMatchObject({ id: 'bench-issuer', verdict: exit === 0 ? 'pass' : 'fail' });
    const [registry] = data.registries;
    expect(data.registries).toHaveLength(1);
    expect(registry).toMatchObject({ store: 'pglite', replays: { n: 6, refused: 6 } });
    for (const name of ['activations', 'presencesResolved', 'bareTransactions', 'statusChecks']) {
      expect(registry[name], name).toMatchObject({ n: 6, p50ms: expect.any(Number) });
    }
    expect(registry.presencesMinted.n).toBe(12);
    expect(data.qr).toMatchObject({ people: 4, make: { n: 6 }, draw: { n: 6 }, verify: { n: 6 } });
    expect(data.growth[0].sizes.map(({ insured }: { insured: number }) => insured)).toEqual([20, 40]);
    expect(data.targets.map(({ id }: { id: string }) => id)).toEqual(['resolve-ratio', 'replays', 'growth']);
  });

  it('says it in words too', async () => {
    const io = fakeIo();
    await benchIssuer({ ...options, sizes: [] }, io);
    expect(io.out.join('')).toMatch(
      /PGlite 18[\s\S]*replayed presences: 6 of 6 refused[\s\S]*status list of 9000 activations[\s\S]*offline QR code of 4 people/,
    );
  });

  it('stops when it is told to', async () => {
    await expect(benchIssuer(options, fakeIo({ signal: AbortSignal.abort() }))).rejects.toThrow();
  });
});

it('the list of 68 million is built: 8.5 MB, and the share that is invalid is in it', { timeout: 60_000 }, () => {
  const figures = listFigures(68_000_000);
  // 68,000,000 bits, filled up to whole kilobytes of 1,024 bytes.
  expect(figures).toMatchObject({
    activations: 68_000_000,
    invalid: 680_000,
    bytes: Math.ceil(68_000_000 / 8 / 1024) * 1024,
  });
  // 680,000 places without a pattern cannot be told in fewer bytes than the entropy of one in a hundred: 0.0808 bits each.
  expect(figures.compressedBytes).toBeGreaterThan((68_000_000 * 0.08) / 8);
});
