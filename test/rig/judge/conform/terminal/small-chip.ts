import type { CommandApdu } from '../../../../../src/apdu/command.ts';
import { fromHex, SW } from '../../../../../src/apdu/index.ts';
import type { LinkedCard } from '../../../../../src/hal/card-link.ts';
import { SeededRandom } from '../../../../../src/hal/virtual/random.ts';
import {
  encodePassword,
  encodeSecurityInfos,
  PASSWORD,
  type PaceOffer,
  paceInfo,
  parseAuthorization,
  readAuthenticationTemplate,
  type SecureSession,
} from '../../../../../src/secure-channel/index.ts';
import { crypto } from '../../../../secure-channel/bench-session.ts';
import { JoinedChip } from '../../../../secure-channel/joined.ts';

/** A card of another make: it has two files, one CAN, short commands, and none of this project's dispatcher. */
export class SmallChip extends JoinedChip {
  readonly #files: ReadonlyMap<number, { readonly content: Uint8Array; readonly confined: boolean }>;
  #current = 0;

  constructor(offers: readonly PaceOffer[] = OFFERS, seed: string = 'small') {
    super({
      crypto,
      random: new SeededRandom(seed),
      offers,
      passwords: new Map([[PASSWORD.CAN, encodePassword(SMALL_CAN)]]),
    });
    this.#files = new Map([
      [
        0x1c,
        { content: encodeSecurityInfos(offers.map((offer) => paceInfo(offer, offer.parameterId))), confined: false },
      ],
      [0x05, { content: fromHex('54455854'), confined: true }],
    ]);
  }

  override exchange(bytes: Uint8Array): Uint8Array {
    const secure = (bytes[0] as number) & 0x0c;
    if (secure === 0x00 || secure === 0x0c) return super.exchange(bytes);
    this.session?.close();
    this.session = null;
    return Uint8Array.of(0x68, 0x82);
  }

  protected override execute(command: CommandApdu): { data: Uint8Array; status: number; next: SecureSession | null } {
    const only = (status: number, data: Uint8Array = new Uint8Array(0)) => ({ data, status, next: null });
    // Channel 0 alone, and chains of PACE alone.
    if ((command.cla & 0x03) !== 0) return only(0x6881);
    if (command.ins === 0x86 && (command.p1 | command.p2) !== 0) return only(SW.WRONG_P1_P2);
    if (command.ins === 0x22 && !isSelection(command)) return only(SW.WRONG_DATA);
    if (command.ins === 0xa4) return only(this.#select(command));
    if (command.ins !== 0xb0) return super.execute(command);
    const short = (command.p1 & 0x80) !== 0;
    const file = this.#files.get(short ? command.p1 & 0x1f : this.#current);
    if (file === undefined) return only(SW.FILE_NOT_FOUND);
    if (file.confined && this.session === null) return only(SW.SECURITY_STATUS_NOT_SATISFIED);
    const offset = short ? command.p2 : (command.p1 << 8) | command.p2;
    if (offset >= file.content.length) return only(0x6b00);
    return only(SW.OK, file.content.subarray(offset, offset + command.ne));
  }

  #select(command: CommandApdu): number {
    const fid =
      command.nc === 2
        ? (command.bytes[command.dataOffset] as number) * 256 + (command.bytes[command.dataOffset + 1] as number)
        : 0;
    if (fid === 0x3f00) return SW.OK;
    if (fid !== 0x011c) return SW.FILE_NOT_FOUND;
    this.#current = 0x1c;
    return SW.OK;
  }
}

/** A password of one byte, and a CHAT that is one. */
function isSelection(command: CommandApdu): boolean {
  const data = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
  const template = readAuthenticationTemplate(data);
  if (template === null || template.publicKeyReference?.length !== 1) return false;
  return template.chat === undefined || parseAuthorization(template.chat) !== null;
}

export const SMALL_CAN = '123123';
const OFFERS: readonly PaceOffer[] = [
  { mapping: 'GM', cipher: 'AES-256', parameterId: 12 },
  { mapping: 'GM', cipher: 'AES-128', parameterId: 13 },
];

/** What the owner of such a card writes down. */
export const SMALL_DECLARATION: string = `
card: Small chip
channel:
  can: "${SMALL_CAN}"
  confined: { read: 00B0850000 }
`;

/** Such a card on a link, which forgets everything when its power goes. */
export class SmallCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(4096);
  readonly #make: () => SmallChip;
  #chip: SmallChip;

  constructor(make: () => SmallChip = () => new SmallChip()) {
    this.#make = make;
    this.#chip = make();
  }

  atr(): Uint8Array {
    return fromHex('3B80018081');
  }

  powerOn(): void {
    this.#chip = this.#make();
  }

  reset(): void {
    this.#chip = this.#make();
  }

  fieldOff(): void {}

  deselect(): void {}

  process(command: Uint8Array, offset: number, length: number): number {
    const answer = this.#chip.exchange(Uint8Array.from(command.subarray(offset, offset + length)));
    this.response.set(answer);
    return answer.length;
  }
}
