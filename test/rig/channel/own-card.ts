import { signCardSecurity, testDocumentSigner } from '../../../rig/pki/card-security.ts';
import { testPrivateKey, testRoot } from '../../../rig/pki/test-hierarchy.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import type { CardSpecification, FileSpecification } from '../../../src/applet/image/specification.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import {
  chipAuthenticationDomainParameterInfo,
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  type ImportedKey,
  paceInfo,
  parseCertificate,
  rootTrustPoint,
  terminalAuthenticationInfo,
} from '../../../src/secure-channel/index.ts';
import { FREE, reading } from '../../applet/bench-card.ts';
import { crypto, paceSpecification } from '../../applet/pace-card.ts';

export { CAN } from '../../applet/pace-card.ts';

/** A NIR with its key, in an EF (SFI 05) that only a terminal with the right to DG1 reads. */
export const PERSON = '275126322074974';
const CURVE = 'brainpoolP256r1';
const KEY_ID = 0x41;
const PACE = { mapping: 'GM', cipher: 'AES-128' } as const;
/** Secure messaging, and what environment 3 wants: a terminal's right. */
const BY_TERMINAL = 0x63;

export interface OwnCardOptions {
  /** The chip has another key than the one that EF.CardSecurity shows: a copy. Default false. */
  readonly copied?: boolean;
}

/** A card of ours, as it is delivered, that speaks PACE, terminal and chip authentication with the test hierarchy. */
export function ownCardSpecification({ copied = false }: OwnCardOptions = {}): CardSpecification {
  const { masterFile, ...specification } = paceSpecification();
  const key = testPrivateKey(crypto, CURVE, 'own card');
  const common = [
    paceInfo(PACE, 13),
    terminalAuthenticationInfo(),
    chipAuthenticationInfo('AES-128', KEY_ID),
    chipAuthenticationDomainParameterInfo(CURVE, KEY_ID),
  ];
  const signed = encodeSecurityInfos([
    ...common,
    chipAuthenticationPublicKeyInfo(CURVE, crypto.publicKey(CURVE, key), KEY_ID),
  ]);
  const file = (fid: number, sfi: number, content: Uint8Array, access = FREE): FileSpecification => ({
    kind: 'transparent',
    fid,
    sfi,
    access,
    content,
  });
  const access = masterFile.children.filter((child) => !('sfi' in child) || child.sfi !== 0x1c);
  return {
    ...specification,
    trust: {
      date: 260101,
      trustPoints: [rootTrustPoint(crypto, parseCertificate(testRoot(crypto).certificate)) as ImportedKey],
    },
    masterFile: {
      ...masterFile,
      keys: [
        {
          reference: KEY_ID,
          uses: ['chip-authentication'],
          algorithm: { kind: 'ec', curve: CURVE },
          value: copied ? testPrivateKey(crypto, CURVE, 'copy') : key,
          ciphers: ['AES-128'],
          tries: 0,
          access: { contact: 0xff, contactless: 0xff, wired: 0xff },
          generate: { contact: 0xff, contactless: 0xff, wired: 0xff },
        },
      ],
      environments: [{ id: 3, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: false } }],
      children: [
        ...access,
        file(0x011c, 0x1c, encodeSecurityInfos(common)),
        file(0x011d, 0x1d, signCardSecurity(crypto, signed, testDocumentSigner(crypto))),
        file(0x0d01, 0x05, Buffer.from(PERSON), reading(BY_TERMINAL)),
      ],
    },
  };
}

/** Writes the card's image. @returns its path */
export function writeOwnCard(path: string, options: OwnCardOptions = {}): string {
  FileNvm.create(path, personalise(ownCardSpecification(options), crypto)).close();
  return path;
}
