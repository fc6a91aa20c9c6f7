import { TlvError, TlvReader } from '../../src/apdu/ber-tlv-reader.ts';
import { sameBytes } from '../../src/apdu/same-bytes.ts';
import { ChannelError, ID_SECURITY_OBJECT, parseSecurityInfos } from '../../src/secure-channel/index.ts';
import { ChannelFailure } from './channel-failure.ts';
import type { CardSecurity } from './open-channel.ts';

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
const CONTEXT_0 = 0xa0;

/**
 * What the signed EF.CardSecurity says: CMS SignedData around an id-SecurityObject.
 * @param signers certificates under which its signer is believed
 * @throws {ChannelFailure} `damaged`
 */
export function readCardSecurity(content: Uint8Array, _signers: readonly Uint8Array[]): CardSecurity {
  try {
    return { infos: parseSecurityInfos(encapsulated(content)), signer: null };
  } catch (error) {
    if (!(error instanceof TlvError) && !(error instanceof ChannelError)) throw error;
    throw new ChannelFailure('damaged', `EF.CardSecurity cannot be read: ${error.message}`, { cause: error });
  }
}

/** ContentInfo { signedData, [0] SignedData { version, algorithms, EncapsulatedContentInfo { type, [0] OCTET STRING } } } */
function encapsulated(content: Uint8Array): Uint8Array {
  const info = into(new TlvReader(content), SEQUENCE);
  next(info, OBJECT_IDENTIFIER);
  const signed = into(into(info, CONTEXT_0), SEQUENCE);
  signed.next();
  signed.next();
  const inner = into(signed, SEQUENCE);
  if (!sameBytes(next(inner, OBJECT_IDENTIFIER), ID_SECURITY_OBJECT)) {
    throw new ChannelError('malformed', 'it signs something else than security infos');
  }
  return next(into(inner, CONTEXT_0), OCTET_STRING);
}

function into(reader: TlvReader, tag: number): TlvReader {
  next(reader, tag);
  return reader.enter();
}

function next(reader: TlvReader, tag: number): Uint8Array {
  if (!reader.next() || reader.tag !== tag) throw new ChannelError('malformed', 'it is no CMS SignedData');
  return reader.value();
}
