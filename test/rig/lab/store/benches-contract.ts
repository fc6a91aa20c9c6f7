import { expect, it } from 'vitest';
import { enrolBench, listBenches, quarantine, quarantineDrifting } from '../../../../rig/lab/store/benches.ts';
import { releaseLease } from '../../../../rig/lab/store/leases.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { addToken, listTokens, revokeToken, roleOfToken } from '../../../../rig/lab/store/tokens.ts';
import { LOOPBACK, RUN, testKey } from './lab-in-test.ts';
import { LOST, type StoreInTest } from './store-in-test.ts';

/** Benches by their key, quarantine, and tokens. */
export function benchesContract(lab: StoreInTest): void {
  const { bench, beat, submit, take, record, refuses, keyOf } = lab;

  it('a bench is known by its key, and an old one is told to be updated', async () => {
    await bench('b1');
    const enrol = { name: 'b1', publicKey: testKey().publicKey, interface: 1, version: '0.1.0' };
    await refuses(enrolBench(lab.store, enrol), 'bench-name-taken');
    await refuses(enrolBench(lab.store, { ...enrol, name: 'b2', interface: 0 }), 'bench-outdated');
    const own = keyOf('b1').publicKey;
    expect(await enrolBench(lab.store, { ...enrol, publicKey: own, version: '0.2.0' })).toBeNull();
    const [listed] = await listBenches(lab.store);
    expect(listed).toMatchObject({ name: 'b1', version: '0.2.0', publicKey: own, alive: true, devices: [LOOPBACK] });
    await refuses(beat('b9'), 'bench-unknown');
    await refuses(takeRun(lab.store, 'b9', ['loopback']), 'bench-unknown');
  });

  it('a bench in quarantine takes nothing until a person lets it back', async () => {
    await bench('b1');
    await submit([RUN]);
    await beat('b1', { drift: 'its echo is 3 times slower than when it was enrolled' });
    await refuses(takeRun(lab.store, 'b1', ['loopback']), 'bench-quarantined');
    await beat('b1', { drift: 'another reason' });
    expect((await listBenches(lab.store))[0]?.quarantined).toContain('its echo');
    await quarantine(lab.store, 'b1', null);
    expect(await take('b1')).toMatchObject({ attemptNumber: 1 });
    await refuses(quarantine(lab.store, 'b9', null), 'bench-unknown');
  });

  it('a bench that fails where the others pass is put into quarantine, and no other', async () => {
    for (const each of ['good', 'bad']) await bench(each);
    await submit(Array.from({ length: 8 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
    for (let each = 0; each < 3; each++) await record('good', await take('good'));
    for (let each = 0; each < 4; each++) await record('bad', await take('bad'), { verdict: 'failed' });
    expect(await quarantineDrifting(lab.store)).toEqual([]);
    await record('bad', await take('bad'), { verdict: 'error' });
    expect(await quarantineDrifting(lab.store)).toEqual(['bad']);
    expect((await listBenches(lab.store)).map(({ quarantined }) => quarantined)).toEqual([
      '5 of its last results failed where all other benches passed',
      null,
    ]);
    await quarantine(lab.store, 'bad', null);
    expect(await quarantineDrifting(lab.store)).toEqual([]);
  });

  it('a link that died counts against its bench where the others pass; where theirs died too it does not', async () => {
    for (const each of ['good', 'bad', 'other']) await bench(each);
    await submit(Array.from({ length: 12 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
    const lose = async (named: string, lost: object = LOST): Promise<void> => {
      await releaseLease(lab.store, (await take(named)).attempt, { bench: named, ...LOST, ...lost });
      await record('good', await take('good'));
    };
    for (let each = 0; each < 4; each++) await lose('bad');
    // A full disk is no link.
    for (let each = 0; each < 5; each++) await lose('other', { reason: 'its disk is full', linkLost: false });
    expect(await quarantineDrifting(lab.store)).toEqual([]);
    await lose('bad');
    await lose('other');
    expect(await quarantineDrifting(lab.store)).toEqual([]);
    await lab.store.sql.query(`update lab_attempts set link_lost = false where bench = 'other'`);
    expect(await quarantineDrifting(lab.store)).toEqual(['bad']);
    await quarantine(lab.store, 'bad', null);
    expect(await quarantineDrifting(lab.store)).toEqual([]);
  });

  it('tokens open their role until they are revoked, and are not stored', async () => {
    const token = await addToken(lab.store, 'shift 1', 'viewer');
    expect(await roleOfToken(lab.store, token)).toBe('viewer');
    expect(await roleOfToken(lab.store, `${token}x`)).toBeNull();
    const [row] = await listTokens(lab.store);
    expect(row).toMatchObject({ name: 'shift 1', role: 'viewer', revokedAt: null });
    const [all] = await lab.store.sql.query<{ text: string }>('select lab_tokens::text as text from lab_tokens');
    expect(all?.text).not.toContain(token.slice(5));
    await revokeToken(lab.store, row?.id as number);
    expect(await roleOfToken(lab.store, token)).toBeNull();
    await refuses(revokeToken(lab.store, 99), 'token-unknown');
  });
}
