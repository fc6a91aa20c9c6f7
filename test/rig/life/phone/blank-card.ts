import { loadProfile } from '../../../../rig/card/profile/index.ts';
import { signingKeys } from '../../../../rig/card/profile/test-keys.ts';
import type { CardContent } from '../../../../rig/life/issuer/card-files.ts';
import type { PersonalisationJob } from '../../../../rig/life/issuer/personalise.ts';
import { WiredSession } from '../../../../rig/life/phone/wired-session.ts';
import { testDocumentSigner } from '../../../../rig/pki/card-security.ts';
import { testTerminalKeys } from '../../../../rig/pki/test-hierarchy.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import type { Card } from '../../../../src/applet/card.ts';
import { personalise } from '../../../../src/applet/image/personalise.ts';
import type { CardSpecification } from '../../../../src/applet/image/specification.ts';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';

/** A blank card of profile `phone`, and an issuer for it. The codes are those of the profile. */

export const crypto: Crypto = nobleCrypto();
export const CAN: Uint8Array = new TextEncoder().encode('161803');
export const SELECT = '00A4040C0AF0617043562D454D5501';
/** VERIFY and GENERATE ASYMMETRIC KEY PAIR, as the phone does before its issuer comes. */
export const KEYS_MADE: readonly string[] = [SELECT, '0020008106323734393136', '0046808200', '0046808300'];

/** Published test identities. */
export const CONTENT: CardContent = {
  affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
  beneficiaries: [
    {
      index: 1,
      quality: 0,
      birthRank: 1,
      birthDate: '19751231',
      usualName: 'ADRUN',
      birthName: null,
      firstName: 'ZOE',
      certifiedNir: { nir: '2751263220749', key: '74' },
      rights: [{ start: '20240101', end: null }],
    },
    {
      index: 2,
      quality: 6,
      birthRank: 1,
      birthDate: '20090714',
      usualName: 'ECETINSI',
      birthName: null,
      firstName: 'PIERRE-ALAIN',
      certifiedNir: { nir: '1090763220834', key: '89' },
      rights: [
        { start: '20240101', end: '20240831' },
        { start: '20240901', end: '20270713' },
      ],
    },
  ],
};

const random = new SeededRandom('blank phone');
let specification: CardSpecification | null = null;

export async function blankImage(): Promise<Uint8Array> {
  specification ??= await loadProfile('phone', { random, crypto });
  return personalise(specification, crypto);
}

export function job(more: Partial<PersonalisationJob> = {}): PersonalisationJob {
  return {
    crypto,
    random: new SeededRandom('issuer'),
    clock: systemClock,
    can: CAN,
    terminal: testTerminalKeys(crypto),
    today: new Date('2026-11-29T00:00:00Z'),
    content: CONTENT,
    documentSigner: testDocumentSigner(crypto),
    signing: signingKeys(crypto, new Uint8Array(32).fill(7)),
    validFrom: '20261129',
    credential: () => Promise.resolve(new Uint8Array(900).fill(0xc5)),
    ...more,
  };
}

export function wired(card: Card): WiredSession {
  return new WiredSession(card, () => systemClock.nowNs());
}

/** Sends commands in hexadecimal digits on one session. @returns the last answer, in hexadecimal digits */
export function sending(session: WiredSession): (...commands: string[]) => string {
  return (...commands) => {
    let answer = '';
    for (const command of commands) answer = toHex(session.exchange(fromHex(command)));
    return answer;
  };
}
