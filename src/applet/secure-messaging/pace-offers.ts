import type { CurveName } from '../../hal/crypto.ts';
import type { Nvm } from '../../hal/nvm.ts';
import {
  ChannelError,
  type PaceOffer,
  parseSecurityInfos,
  type SecurityInfo,
  standardizedParameters,
} from '../../secure-channel/index.ts';
import type { CardFile } from '../files/card-file.ts';
import { KEY_USE } from '../image/layout.ts';
import type { KeyStore } from '../keys/key-store.ts';

/** Identifier of EF.CardAccess in the master file (BSI TR-03110-3 A.1.2). */
const EF_CARD_ACCESS = 0x011c;

/**
 * What the card's EF.CardAccess offers, in its order: the card does what it says. Protocols, versions and domain
 * parameters that it cannot do are left out, and so is all of a file that cannot be read.
 * The chip authentication mapping needs a key for chip authentication on its curve.
 */
export function readPaceOffers(nvm: Nvm, masterFile: CardFile, keys: KeyStore): readonly PaceOffer[] {
  return infosOf(nvm, masterFile).flatMap((info): PaceOffer | readonly PaceOffer[] => {
    if (info.kind !== 'pace' || info.protocol === null || info.version !== 2 || info.parameterId === null) return [];
    const { protocol, parameterId } = info;
    const parameters = standardizedParameters(parameterId);
    if (parameters === null) return [];
    if (protocol.mapping === 'GM') return { ...protocol, parameterId };
    const staticKey = chipKeyOn(parameters.curve, keys);
    return staticKey === null ? [] : { ...protocol, parameterId, staticKey };
  });
}

function chipKeyOn(curve: CurveName, keys: KeyStore): Uint8Array | null {
  const key = keys.all.find(
    ({ uses, algorithm }) =>
      (uses & KEY_USE.CHIP_AUTHENTICATION) !== 0 && algorithm.kind === 'ec' && algorithm.curve === curve,
  );
  return key === undefined ? null : keys.value(key);
}

function infosOf(nvm: Nvm, masterFile: CardFile): readonly SecurityInfo[] {
  const file = masterFile.children.get(EF_CARD_ACCESS);
  if (file === undefined || file.isDirectory || file.hasRecords) return [];
  const content = new Uint8Array(file.dataSize);
  nvm.read(file.data, content, 0, content.length);
  try {
    return parseSecurityInfos(content);
  } catch (error) {
    if (error instanceof ChannelError) return [];
    throw error;
  }
}
