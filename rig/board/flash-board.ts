import { HalError, type HalErrorKind } from '../../src/hal/errors.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { contentsOf, type ImageNames } from '../card/image-name.ts';
import { CannotRun } from '../console/failure.ts';
import { counted } from '../report/words.ts';
import type { BoardUnderTest } from './board-under-test.ts';
import type { FlashImage } from './flash-image.ts';
import { BoardFault, RigFault } from './phase.ts';
import { ReadBackDiffers, readBack } from './read-back.ts';
import { describeStored, imageOf, storeCard, usedCardOn } from './store.ts';

const PN532 = 0x32;
const READER_KINDS: readonly HalErrorKind[] = [
  'no-service',
  'no-reader',
  'no-port',
  'busy',
  'permission',
  'timeout',
  'unsupported',
];

/** What reads a flashed card back over the field. */
export interface Verifier {
  /** `pn532:/dev/ttyUSB1` */
  readonly name: string;
  /** Opens it anew; `readBack` closes it. */
  open(): Promise<{ readonly reader: Reader; readonly readerName: string | null }>;
}

export interface FlashJob {
  readonly board: BoardUnderTest;
  readonly image: FlashImage;
  /** Under which name the record has it. */
  readonly names: ImageNames;
  /** Over a card that was written into since it was flashed. */
  readonly force: boolean;
  readonly serialNumber: string | null;
  readonly station: string;
  /** The state folder of this station. */
  readonly folder: string;
  /** Null: nothing reads it back. */
  readonly verifier: Verifier | null;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface Flashed {
  /** The image file in the board store. */
  readonly image: string;
  readonly verified: string;
}

export const NOT_VERIFIED = 'not read back over the field (no --verify-with)';

/**
 * Puts a card onto one board and reads it back. The chip is asleep afterwards, however this ends.
 * @throws {CannotRun} a used card is on the board, and `force` is not set; {BoardFault} the board is no PN532, does not answer, or gives back something else; {HalError} the port or the store
 */
export async function flashBoard(job: FlashJob): Promise<Flashed> {
  const { board, image, signal, say } = job;
  try {
    refuseToReplace(job);
    say('waking the board');
    await board.wakeUp();
    const { ic } = await board.firmware();
    if (ic !== PN532)
      throw new BoardFault(`the chip is not a PN532 but says that it is 0x${ic.toString(16).toUpperCase()}`);
    signal.throwIfAborted();
    say('writing the card');
    const path = storeCard(job.folder, board.identity, image.contents);
    // Until it was read back nothing else is true.
    describe(job, NOT_VERIFIED);
    const verified = await verify(job, path);
    describe(job, verified);
    return { image: path, verified };
  } finally {
    await board.close();
  }
}

function refuseToReplace({ board, names, folder, force }: FlashJob): void {
  const used = force ? null : usedCardOn(folder, board.identity, names);
  if (used === null) return;
  throw new CannotRun(
    `${board.name} has ${used}, and what was written into it since it was flashed would be lost; the board was not changed. --force replaces it`,
  );
}

async function verify({ verifier, board, say, signal, folder }: FlashJob, path: string): Promise<string> {
  if (verifier === null) return NOT_VERIFIED;
  say(`reading it back with ${verifier.name}`);
  // What the store holds, not what was meant.
  const contents = contentsOf(imageOf(folder, board.identity));
  const { reader, readerName } = await verifier.open();
  try {
    const { exchanges, bytes } = await readBack(contents, await board.cardLink(), reader, readerName, signal);
    if (bytes === 0) {
      return `${verifier.name} read nothing over the field: this card gives nothing without its code (${counted(exchanges, 'command')})`;
    }
    return `read back by ${verifier.name}: ${counted(exchanges, 'command')}, ${counted(bytes, 'byte')}, all as in the image`;
  } catch (error) {
    // What reads is the rig's; the board was heard a moment ago, and wrote what it was told.
    if (error instanceof HalError && READER_KINDS.includes(error.kind)) {
      throw new RigFault(`the card is on the board, but ${verifier.name} could not read it back: ${error.message}`, {
        cause: error,
      });
    }
    if (error instanceof ReadBackDiffers) throw new BoardFault(`${error.message} (${path})`, { cause: error });
    throw error;
  }
}

function describe({ board, image, names, serialNumber, station, folder }: FlashJob, verified: string): void {
  describeStored(folder, board.identity, {
    schema: 'vitap-flashed-card',
    schemaVersion: 2,
    board: board.identity.key,
    cardSerial: image.cardSerial,
    profile: image.profile,
    image: names.of(image.contents),
    serialNumber,
    flashedAt: new Date().toISOString(),
    station,
    verified,
  });
}
