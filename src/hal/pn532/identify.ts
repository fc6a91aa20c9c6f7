import { HalError } from '../errors.ts';
import type { FirmwareVersion, Pn532 } from './chip.ts';
import { COMMAND } from './codes.ts';
import { hex } from './status.ts';

const PN532_IC = 0x32;
/** What all that is known here about the chip is known of. */
const OLDEST_FIRMWARE = { version: 1, revision: 6 } as const;

/** Makes sure that the chip is a PN532 that can be driven. @throws {HalError} `unsupported` */
export async function identify(chip: Pn532): Promise<FirmwareVersion> {
  const answer = await chip.command(COMMAND.getFirmwareVersion, []);
  if (answer.length < 4) throw notThisChip(chip, 'has a shorter version number, as the PN531 does');
  const [ic, version, revision, support] = answer as unknown as [number, number, number, number];
  if (ic !== PN532_IC) throw notThisChip(chip, `says that it is a PN5${hex(ic)}`);
  const { version: least, revision: leastRevision } = OLDEST_FIRMWARE;
  if (version < least || (version === least && revision < leastRevision)) {
    const words = `the PN532 on ${chip.device} has firmware ${version}.${revision}; ${least}.${leastRevision} or later is needed: use another board`;
    throw new HalError('unsupported', words);
  }
  return { ic, version, revision, support };
}

export function notThisChip(chip: Pn532, why: string): HalError {
  return new HalError('unsupported', `the chip on ${chip.device} ${why}; only the PN532 is driven here`);
}
