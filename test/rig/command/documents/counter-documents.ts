import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { CounterFolder } from '../../../../rig/life/counter/counter-folder.ts';
import { FollowUps } from '../../../../rig/life/counter/follow-ups.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { type RealDocuments, read } from './real-documents.ts';

/** A counter that reads a card, and its claims. */
export async function counterDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, printed } = documents;
  const env = { VITAP_CAN: '161803', VITAP_PIN: '274916' };
  for (const more of [['--invoices'], ['--show']]) {
    const io = fakeIo({ env, json: true });
    const args = ['counter', 'tap', '--profile', 'apcv', '--keys', 'test', '--json', ...more];
    await runCommandLine(args, '0.0.0', VERBS, io);
    keep('counter-reading', JSON.parse(io.out.join('')));
  }
  const proof = { kind: 'offline QR', tokenId: '0'.repeat(32), text: 'VT1:TEXT' } as const;
  new FollowUps(new CounterFolder(at('counter'))).keep({
    at: '2026-11-29T12:00:00.000Z',
    issuer: 'http://127.0.0.1:9',
    proof,
  });
  writeFileSync(
    at('claim.yaml'),
    'number: "000000042"\ndate: 20261129\nbeneficiary: 1\nprofessionalId: "991234567"\nprofessionalName: CABINET\n' +
      'total: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n',
  );
  const folder = ['--counter', at('counter')];
  await printed('counter-queue', 'counter', 'queue', ...folder);
  await printed('counter-claim', 'counter', 'claim', at('claim.yaml'), '--after', 'last', ...folder);
  await printed('counter-queue', 'counter', 'queue', ...folder);
  // Nobody listens on that port.
  await printed('counter-queue', 'counter', 'queue', 'send', '--keys', 'test', ...folder);
  keep(
    'counter-queued-claim',
    read(join(at('counter'), 'queue', readdirSync(join(at('counter'), 'queue'))[0] as string)),
  );
}
