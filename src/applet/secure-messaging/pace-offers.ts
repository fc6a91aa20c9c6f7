import type { Nvm } from '../../hal/nvm.ts';
import {
  ChannelError,
  type PaceOffer,
  parseSecurityInfos,
  type SecurityInfo,
  standardizedParameters,
} from '../../secure-channel/index.ts';
import type { CardFile } from '../files/card-file.ts';

/** Identifier of EF.CardAccess in the master file (BSI TR-03110-3 A.1.2). */
const EF_CARD_ACCESS = 0x011c;

/**
 * What the card's EF.CardAccess offers, in its order: the card does what it says. Protocols, versions and domain
 * parameters that it cannot do are left out, and so is all of a file that cannot be read.
 * @param staticKey the private key of the chip authentication mapping for these domain parameters, or null
 */
export function readPaceOffers(
  nvm: Nvm,
  masterFile: CardFile,
  staticKey: (parameterId: number) => Uint8Array | null = () => null,
): readonly PaceOffer[] {
  return infosOf(nvm, masterFile).flatMap((info): PaceOffer | readonly PaceOffer[] => {
    if (info.kind !== 'pace' || info.protocol === null || info.version !== 2 || info.parameterId === null) return [];
    const { protocol, parameterId } = info;
    if (standardizedParameters(parameterId) === null) return [];
    if (protocol.mapping === 'GM') return { ...protocol, parameterId };
    const key = staticKey(parameterId);
    return key === null ? [] : { ...protocol, parameterId, staticKey: key };
  });
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
