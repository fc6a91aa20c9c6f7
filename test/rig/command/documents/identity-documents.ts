import { openSql } from '../../../../rig/store/open.ts';
import { startWorld } from '../../life/openid/world.ts';
import type { RealDocuments } from './real-documents.ts';

/** An identity provider, and an identity that is presented to an issuer. */
export async function identityDocuments(documents: RealDocuments): Promise<void> {
  const { at, printed, served } = documents;
  await printed('identity-init', 'identity', 'init', at('identity'));
  await served('identity-serve', 'identity', 'serve', at('identity'));
  const world = await startWorld(await openSql(at('presented')));
  const args = ['identity', 'present', '--issuer', world.issuer, '--identity', world.identity];
  await printed('identity-present', ...args);
  await printed('identity-present', ...args, '--person', 'nobody');
  await world.close();
}
