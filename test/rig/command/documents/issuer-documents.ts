import { writeFileSync } from 'node:fs';
import { commitActivation } from '../../../../rig/life/issuer/activation.ts';
import { apply as applyWithoutIdentity } from '../../../../rig/life/issuer/application.ts';
import { enrol } from '../../../../rig/life/issuer/enrolment.ts';
import { openIssuer } from '../../../../rig/life/issuer/issuer-folder.ts';
import { ADRUN, deviceKey, holderKey, serial, ZOE } from '../../life/issuer/people.ts';
import type { RealDocuments } from './real-documents.ts';

/** An issuer with an insured family, two applications and an activation. */
export async function issuerDocuments(documents: RealDocuments): Promise<void> {
  const { at, printed, served } = documents;
  const issuer = at('issuer');
  await printed('issuer-init', 'issuer', 'init', issuer, '--departments', '75,2a');
  await served('issuer-serve', 'issuer', 'serve', issuer, '--fault', 'stale-clock=90x2');
  writeFileSync(at('families.jsonl'), `${JSON.stringify(ADRUN)}\n`);
  await printed('issuer-insured-import', 'issuer', 'insured', 'import', issuer, at('families.jsonl'));
  await printed('issuer-insured-import', 'issuer', 'insured', 'import', issuer, at('families.jsonl'));
  await printed('issuer-insured-generate', 'issuer', 'insured', 'generate', issuer, '--count', '3');
  await printed('issuer-rollout', 'issuer', 'rollout', issuer, '--close', '2A', '--open', '974');
  const { sql, ...store } = (await openIssuer(issuer, Date.now())).store;
  const files = new Map([
    ['document-front', Uint8Array.of(1)],
    ['video', Uint8Array.of(2)],
  ] as const);
  const apply = () => applyWithoutIdentity({ sql, ...store }, { identity: ZOE, files, now: Date.now() });
  const [first, second] = [await apply(), await apply()];
  const { activationId } = await enrol({ sql, ...store }, { identity: ZOE, now: Date.now() });
  const keys = { deviceKey: deviceKey('A'), holderKey: holderKey(1), cardSerial: serial(1) };
  const cardSecurity = Uint8Array.of(0x30);
  await commitActivation({ sql, ...store }, { activationId, ...keys, cardSecurity, now: Date.now() });
  await sql.close();
  await printed('issuer-review-list', 'issuer', 'review', issuer);
  await printed('issuer-review-list', 'issuer', 'review', issuer, '--show');
  await printed('issuer-review', 'issuer', 'review', issuer, first.id, '--accept');
  await printed('issuer-review', 'issuer', 'review', issuer, second.id, '--refuse', 'unreadable');
  await printed('issuer-offer', 'issuer', 'offer', issuer, activationId);
  await printed('issuer-revoke', 'issuer', 'revoke', issuer, activationId, '--lost');
  await printed('issuer-status', 'issuer', 'status', issuer);
  await printed('issuer-status', 'issuer', 'status', issuer, '--show');
  await printed('issuer-audit', 'issuer', 'audit', issuer, '--tail', '3');
  await printed('issuer-audit', 'issuer', 'audit', issuer, '--expect', `1:${'0'.repeat(64)}`);
}
