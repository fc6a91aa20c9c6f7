import { encodeCommand } from '../../src/apdu/command.ts';
import { fromHex } from '../../src/apdu/hex.ts';
import { INS } from '../../src/apdu/instruction.ts';
import type { CardFile } from '../../src/applet/files/card-file.ts';
import type { CardImage } from '../../src/applet/image/card-image.ts';
import type { Pin } from '../../src/applet/pin/pin-store.ts';
import type { CardInterface, LinkedCard } from '../../src/hal/card-link.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { bootCard, type OpenedCard, openCard } from '../card/open.ts';

/**
 * The first tap after a start runs code that the engine has never run: it took five times as long as the hundredth. So
 * what a tap runs is run before the first one, on scratch copies of the card in memory: the card itself, its tries and
 * its files are not touched.
 */

/** VERIFY spends tries, so a scratch card lasts for one round. */
const ROUNDS = 150;
/** A large card must not make a person wait: what is not warm by then stays cold. */
const LIMIT_MS = 1200;
/** A shipped card, whose code is public: what stands behind a code on the card itself cannot be read without it. */
const KNOWN_CARD = 'reference';
const KNOWN_TAP: readonly Uint8Array[] = [
  '00A4040007F042454E43480100',
  '0020000108313233343536FFFF',
  '00B2010C64',
  '00B0820001',
  '00B0000064',
].map(fromHex);
/** Files of each application that are selected and read. */
const FILES = 12;
/** A digit as most codes have it; which code it is does not matter. */
const DIGIT = 0x39;

/** @param rehearse the link's own code, on a scratch card; absent where it has nothing to warm */
export async function warmUp(
  opened: OpenedCard,
  cardInterface: CardInterface,
  rehearse?: (card: LinkedCard, commands: readonly Uint8Array[]) => Promise<void>,
): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS;
  const image = contents(opened);
  const commands = commandsOf(opened.card.image);
  if (commands.length === 0) return;
  const known = contents(await openCard({ kind: 'profile', name: KNOWN_CARD }));
  for (let round = 0; round < ROUNDS && performance.now() < deadlineMs; round++) {
    runThrough(scratch(image, cardInterface), commands);
    runThrough(scratch(known, 'contact'), KNOWN_TAP);
  }
  await rehearse?.(scratch(image, cardInterface), commands);
}

function contents({ nvm }: OpenedCard): Uint8Array {
  const bytes = new Uint8Array(nvm.size);
  nvm.read(0, bytes, 0, nvm.size);
  return bytes;
}

function scratch(image: Uint8Array, cardInterface: CardInterface): LinkedCard {
  return bootCard(new MemoryNvm(Uint8Array.from(image)), 'a scratch card', 'warm-up').port(cardInterface);
}

function runThrough(card: LinkedCard, commands: readonly Uint8Array[]): void {
  card.powerOn();
  for (const command of commands) card.process(command, 0, command.length);
}

/** What readers send: each application selected, its codes presented, its files selected and read. */
export function commandsOf({ files, pins }: CardImage): readonly Uint8Array[] {
  return files
    .filter(({ isDirectory, name }) => isDirectory && name !== null)
    .flatMap((directory) => [
      encodeCommand({ cla: 0, ins: INS.SELECT, p1: 0x04, p2: 0x00, data: directory.name as Uint8Array, ne: 256 }),
      ...pins.filter((pin) => pin.cardWide || pin.directory === directory).map(presented),
      ...[...directory.children.values()]
        .filter(({ isDirectory }) => !isDirectory)
        .slice(0, FILES)
        .flatMap(read),
    ]);
}

function presented({ reference, minLength, paddedLength, paddingByte }: Pin): Uint8Array {
  const data = new Uint8Array(Math.max(minLength, paddedLength)).fill(paddingByte);
  data.fill(DIGIT, 0, minLength);
  return encodeCommand({ cla: 0, ins: INS.VERIFY, p1: 0, p2: reference, data });
}

function read({ fid, sfi, hasRecords, isTransparent }: CardFile): readonly Uint8Array[] {
  const data = Uint8Array.of(fid >> 8, fid & 0xff);
  const select = encodeCommand({ cla: 0, ins: INS.SELECT, p1: 0x02, p2: 0x04, data, ne: 256 });
  if (hasRecords) {
    const record = encodeCommand({ cla: 0, ins: INS.READ_RECORD, p1: 1, p2: (sfi << 3) | 4, ne: 256 });
    return [select, record, record];
  }
  if (!isTransparent) return [select];
  const binary = encodeCommand({ cla: 0, ins: INS.READ_BINARY, p1: 0, p2: 0, ne: 256 });
  return [select, binary, binary];
}
