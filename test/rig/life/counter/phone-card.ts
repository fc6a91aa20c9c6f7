import { writeFileSync } from 'node:fs';
import { bootCard } from '../../../../rig/card/open.ts';
import { issueInnerCwt } from '../../../../rig/life/credential/issue-inner-cwt.ts';
import { pointToJwk } from '../../../../rig/life/credential/jws.ts';
import { packStatuses } from '../../../../rig/life/credential/status-list.ts';
import { signStatusListCwt } from '../../../../rig/life/credential/status-list-cwt.ts';
import type { CardContent } from '../../../../rig/life/issuer/card-files.ts';
import { makeOperational, personaliseCard } from '../../../../rig/life/issuer/personalise.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { ISSUER, issuer } from '../credential/card.ts';
import { blankImage, CONTENT, crypto, job, KEYS_MADE, sending, wired } from '../phone/blank-card.ts';

/** The card of an activated phone in an image file; its access number is 161803, its code 274916. */

/** Where the card stands in the list of states. */
export const STATUS_INDEX = 7;
export const STATUS_LIST: string = `${ISSUER}/v1/status/token-list`;

const now = (): number => Math.floor(Date.now() / 1000);

/** @param people what the credential says, where that is not what the files say */
export async function phoneImage(
  path: string,
  people: CardContent['beneficiaries'] = CONTENT.beneficiaries,
  issue: typeof issueInnerCwt = issueInnerCwt,
): Promise<void> {
  const nvm = FileNvm.create(path, await blankImage());
  try {
    const card = bootCard(nvm, 'phone', null, {}, crypto);
    sending(wired(card))(...KEYS_MADE);
    const order = job({
      today: new Date(),
      credential: ({ holder }) =>
        issue(
          {
            ...{ issuer: ISSUER, issuedAt: now() - 60, expires: now() + 86_400, holderKey: holder, activation: 1 },
            ...{ status: { uri: STATUS_LIST, index: STATUS_INDEX }, affiliation: CONTENT.affiliation, people },
          },
          issuer,
          crypto,
        ),
    });
    await personaliseCard(wired(card), order);
    await makeOperational(wired(card), order);
  } finally {
    nvm.close();
  }
}

/** What `--trust` reads. */
export function trustFile(path: string): void {
  const keys = [{ ...pointToJwk(issuer.publicKey), kid: 'x' }];
  writeFileSync(path, JSON.stringify({ issuer: ISSUER, keys, statusList: STATUS_LIST }));
}

/** What `--status-list` reads. @param revoked places of revoked activations */
export async function statusListFile(path: string, revoked: readonly number[], ageSeconds = 10): Promise<void> {
  const statuses = packStatuses(
    64,
    1,
    revoked.map((index) => [index, 1] as const),
  );
  const issuedAt = now() - ageSeconds;
  const list = { uri: STATUS_LIST, issuedAt, expires: issuedAt + 86_400, timeToLive: 60, statuses };
  writeFileSync(path, await signStatusListCwt(list, issuer, crypto));
}
