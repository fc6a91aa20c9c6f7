import { afterAll, beforeAll, expect } from 'vitest';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';

describeNeeds(PCSC_STACK, 'doctor on a machine with pcscd and vpcd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  itNeeds(PCSC_STACK, 'sees the service, its readers and its port, and times an APDU through vpcd', async () => {
    const { out, exit } = await run(process.execPath, [PROGRAM, 'doctor', '--json']);
    const checks: { id: string; verdict: string; data?: { medianMs?: number } }[] = JSON.parse(out).checks;
    const verdict = (id: string) => checks.find((check) => check.id === id)?.verdict;
    expect(exit).toBe(0);
    for (const id of ['readers', 'vpcd', 'vpcd-port']) expect([id, verdict(id)]).toEqual([id, 'pass']);
    // Cured or not, it was measured and judged.
    expect(['pass', 'warn']).toContain(verdict('vpcd-delay'));
    expect(checks.find(({ id }) => id === 'vpcd-delay')?.data?.medianMs).toBeGreaterThan(0);
  });
});
