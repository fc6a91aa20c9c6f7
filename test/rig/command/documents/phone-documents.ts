import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { CounterFolder } from '../../../../rig/life/counter/counter-folder.ts';
import { FollowUps } from '../../../../rig/life/counter/follow-ups.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { invoice } from '../../life/phone/phone-in-test.ts';
import { servedDouble } from '../../life/phone/served-double.ts';
import { type RealDocuments, read } from './real-documents.ts';

/** Two phones of one person, the first replaced by the second. */
export async function phoneDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, printed } = documents;
  const served = await servedDouble();
  type Document = Record<string, unknown>;
  const phone = async (name: string, env: Record<string, string>, words: readonly string[]): Promise<Document> => {
    const io = fakeIo({ env: { VITAP_PIN: '385127', VITAP_TICKET: 'application:1.right', ...env }, json: true });
    await runCommandLine(['phone', ...words, '--json'], '0.0.0', VERBS, io);
    const document = JSON.parse(io.out.join(''));
    keep(name, document);
    return document;
  };
  const [old, fresh] = [
    ['--phone', at('phone')],
    ['--phone', at('fresh')],
  ];
  const newCode = { VITAP_NEW_PIN: '385127' };
  mkdirSync(at('phone'));
  await phone('phone-status', {}, ['status', ...old]);
  await phone('phone-activate', newCode, ['activate', '--issuer', served.origin, ...old]);
  served.issuer.offered.push({ id: 1, invoice: invoice(42) });
  await phone('phone-sync', {}, ['sync', ...old]);
  await phone('phone-status', {}, ['status', ...old]);
  await phone('phone-qr', {}, ['qr', '--presence', ...old]);
  await phone('phone-qr', {}, ['qr', '--offline', ...old]);
  await phone('phone-change-code', { VITAP_NEW_PIN: '529173' }, ['change-code', ...old]);
  await phone('phone-lock', {}, ['lock', ...old]);
  keep('phone-state', read(join(at('phone'), 'phone.json')));
  // As after a credential came, which test/rig/life/phone/with-issuer.test.ts obtains.
  const state = { offer: null, refreshToken: 'x', expiresAt: Date.now() + 30 * 86_400_000 };
  const note = { ...(read(join(at('phone'), 'phone.json')) as object), credential: state };
  writeFileSync(join(at('phone'), 'phone.json'), JSON.stringify(note));
  await phone('phone-credential', {}, ['credential', ...old]);
  await phone('phone-sync', { VITAP_PIN: '529173' }, ['sync', ...old]);
  keep('phone-state', read(join(at('phone'), 'phone.json')));
  await phone('phone-activate', newCode, ['activate', '--issuer', served.origin, ...fresh]);
  await phone('phone-sync', {}, ['sync', ...old]);
  const { key } = await phone('phone-delegations', {}, ['delegations', ...fresh]);
  await phone('phone-delegate', {}, ['delegate', '--to', key as string, '--beneficiary', '2', ...fresh]);
  await phone('phone-delegations', {}, ['delegations', ...fresh]);
  await phone('phone-undelegate', {}, ['undelegate', 'del_1', ...fresh]);
  writeFileSync(
    at('person.json'),
    '{"familyName":"ADRUN","givenName":"ZOE","birthDate":"1975-12-31","birthPlaceCode":"63220"}',
  );
  const atIssuer = ['--issuer', served.origin];
  const picture = at('person.json');
  const files = ['--person-file', picture, '--document-front', picture, '--video', picture];
  new FollowUps(new CounterFolder(at('contexts'))).keep({
    ...{ at: '2026-11-29T12:00:00.000Z', issuer: served.origin },
    proof: { kind: 'context', contextId: 'ctx_1', token: 'x'.repeat(43), expiresAt: '2026-11-29T12:15:00.000Z' },
  });
  for (const action of ['renew', 'destroy']) {
    const words = ['--counter', at('contexts'), '--keys', 'test'];
    await printed('counter-context', 'counter', 'context', action, 'last', ...words);
  }
  await phone('phone-apply', {}, ['apply', ...atIssuer, ...files]);
  await phone('phone-apply', {}, ['apply', ...atIssuer, ...files, '--out', at('ticket')]);
  await phone('phone-application', {}, ['application', ...atIssuer]);
  await phone('phone-lost', {}, ['lost', ...atIssuer]);
  await phone('phone-lost', {}, ['lost', ...fresh]);
  await phone('phone-wipe', {}, ['wipe', '--yes', ...fresh]);
  keep('phone-state', read(join(at('phone'), 'phone.json')));
  await served.close();
}
