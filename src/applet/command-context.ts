import { CommandApdu } from '../apdu/command.ts';
import type { ResponseBuffer } from '../apdu/response.ts';
import { SW } from '../apdu/status-word.ts';
import type { CardInterface } from '../hal/card-link.ts';
import type { Crypto } from '../hal/crypto.ts';
import type { Random } from '../hal/random.ts';
import type { PaceOffer } from '../secure-channel/index.ts';
import type { AccessControl, Requester } from './access/access-control.ts';
import { SecurityStatus } from './access/security-status.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import { type CardFile, DF_ACCESS } from './files/card-file.ts';
import { ControlInformationWriter } from './files/control-information.ts';
import type { FileStore } from './files/file-store.ts';
import type { FileTree } from './files/file-tree.ts';
import { isUnfinished, isUsable } from './files/life-cycle.ts';
import { recordAddress, recordInMemory, recordLength } from './files/record-file.ts';
import type { Holder, Presentation } from './holder.ts';
import { BODY } from './image/layout.ts';
import { OffsetDataObjects } from './iso7816/offset-data-objects.ts';
import type { KeyStore } from './keys/key-store.ts';
import type { TransactionalNvm } from './nvm/transactional-nvm.ts';
import type { PinStore } from './pin/pin-store.ts';
import { ExtendedAccess } from './secure-messaging/extended-access.ts';
import { Pace } from './secure-messaging/pace.ts';
import { SecureChannel } from './secure-messaging/secure-channel.ts';

/** Bytes that a writing command takes from the image at a time. */
const SCRATCH_SIZE = 256;

/** What of the card does not depend on the interface: its memory and what was made from it at boot. */
export interface CardCore {
  /** What a command writes here happens when the command succeeds, all of it or nothing. */
  readonly nvm: TransactionalNvm;
  readonly files: FileTree;
  readonly store: FileStore;
  readonly pins: PinStore;
  readonly keys: KeyStore;
  readonly access: AccessControl;
  readonly holder: Holder;
  /** Address of the card object in the image. */
  readonly card: number;
  /** For challenges and session keys. */
  readonly random: Random;
  /** All of it on a card that opens secure channels; null for one that needs hashes alone. */
  readonly crypto: Crypto | null;
  /** What EF.CardAccess offers, the preferred one first; none without passwords. */
  readonly paceOffers: readonly PaceOffer[];
  /** The channels of every interface. */
  readonly sessions: Channels[];
}

/**
 * All that a command function sees: the command, the response, the channel that it came on, and the card. There is
 * one for each interface, used again for every command.
 */
export class CommandContext implements Requester {
  readonly core: CardCore;
  readonly cardInterface: CardInterface;
  readonly command: CommandApdu = new CommandApdu();
  readonly response: ResponseBuffer;
  readonly cardSecurity: SecurityStatus = new SecurityStatus();
  readonly controlInformation: ControlInformationWriter;
  readonly offsetDataObjects: OffsetDataObjects = new OffsetDataObjects();
  /** For commands that change bytes of the image; it holds nothing between commands. */
  readonly scratch: Uint8Array = new Uint8Array(SCRATCH_SIZE);
  readonly channels: Channels;
  readonly secureChannel: SecureChannel;
  /** PACE on this interface; null for a card without passwords. */
  readonly pace: Pace | null;
  /** Terminal and chip authentication on this interface. */
  readonly extendedAccess: ExtendedAccess;
  /** Whether the command goes on with a chain of steps. */
  continuesChain = false;
  /** The channel of the command. */
  channel: Channel;
  /** The channel whose response waits for GET RESPONSE. */
  restChannel = 0;
  readonly presentation: Presentation = { window: 0 };
  byHolder = -1;
  /** {@link byHolder} of the command whose response waits for GET RESPONSE. */
  restByHolder = -1;
  /** Carries out a command that came inside another; its data go into the same response. Set by the dispatcher. */
  perform: (bytes: Uint8Array, offset: number, length: number) => number = () => SW.NO_PRECISE_DIAGNOSIS;

  /** @param largestCommand longest command APDU that the link carries, in bytes */
  constructor(
    core: CardCore,
    cardInterface: CardInterface,
    response: ResponseBuffer,
    channels: Channels,
    largestCommand: number,
  ) {
    this.core = core;
    this.cardInterface = cardInterface;
    this.response = response;
    this.controlInformation = new ControlInformationWriter(response.bytes, core.nvm);
    this.channels = channels;
    this.channel = channels.basic;
    this.secureChannel = new SecureChannel(channels, this.cardSecurity, largestCommand);
    this.pace = core.paceOffers.length === 0 ? null : new Pace(core);
    this.extendedAccess = new ExtendedAccess(core);
  }

  get channelSecurity(): SecurityStatus {
    return this.channel.security;
  }

  /** Whether the rule of a file lets the requester do this now. @param state the file's life cycle, where it is known */
  permits(file: CardFile, operation: number, state: number = this.lifeCycle(file)): boolean {
    return isUnfinished(state) || this.#standsInUnfinished(file)
      ? this.#isCreator(file)
      : this.core.access.allows(file, operation, this);
  }

  /** Whether a DF between the file and the MF is not activated yet: it takes all below along. */
  #standsInUnfinished(file: CardFile): boolean {
    for (let at = file.parent; at.parent !== at; at = at.parent) {
      if (isUnfinished(this.lifeCycle(at))) return true;
    }
    return false;
  }

  lifeCycle(file: CardFile): number {
    return this.core.nvm.readByte(file.body + BODY.LIFE_CYCLE);
  }

  /** Whether the file may be worked with: neither it nor a DF above it is deactivated or terminated. */
  isUsable(file: CardFile): boolean {
    return isUsable(this.core.nvm, file);
  }

  /** Until a file is activated its own rules do not hold: what may be done is for whoever may create such a file. */
  #isCreator(file: CardFile): boolean {
    const operation = file.isDirectory ? DF_ACCESS.CREATE_DF : DF_ACCESS.CREATE_EF;
    return file.parent !== file && this.permits(file.parent, operation);
  }

  /** Appends a record of a file, which must be in it, to the response. */
  sendRecord(file: CardFile, number: number): void {
    const { response } = this;
    const { nvm } = this.core;
    const record = recordInMemory(nvm, file, number);
    if (record === null) {
      this.send(recordAddress(nvm, file, number), recordLength(nvm, file, number));
      return;
    }
    response.bytes.set(record, response.length);
    response.length += record.length;
  }

  /** Appends bytes of the image to the response. */
  send(address: number, length: number): void {
    const response = this.response;
    const { nvm } = this.core;
    const memory = nvm.view;
    if (memory !== null) {
      response.append(memory, address, length);
      return;
    }
    nvm.read(address, response.bytes, response.length, length);
    response.length += length;
  }
}
