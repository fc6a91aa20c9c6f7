import { CommandApdu } from '../apdu/command.ts';
import type { ResponseBuffer } from '../apdu/response.ts';
import type { CardInterface } from '../hal/card-link.ts';
import type { Nvm } from '../hal/nvm.ts';
import type { AccessControl, Requester } from './access/access-control.ts';
import { SecurityStatus } from './access/security-status.ts';
import type { Channel } from './channel.ts';
import type { CardFile } from './files/card-file.ts';
import { ControlInformationWriter } from './files/control-information.ts';
import type { FileTree } from './files/file-tree.ts';
import { isOperational } from './files/life-cycle.ts';
import type { Holder, Presentation } from './holder.ts';
import { BODY } from './image/layout.ts';
import type { PinStore } from './pin/pin-store.ts';

/** What of the card does not depend on the interface: its memory and what was made from it at boot. */
export interface CardCore {
  readonly nvm: Nvm;
  readonly files: FileTree;
  readonly pins: PinStore;
  readonly access: AccessControl;
  readonly holder: Holder;
}

/**
 * All that a command function sees: the command, the response, the channel that it came on, and the card. There is
 * one for each interface, used again for every command.
 */
export class CommandContext implements Requester {
  readonly core: CardCore;
  readonly face: CardInterface;
  readonly command: CommandApdu = new CommandApdu();
  readonly response: ResponseBuffer;
  readonly cardSecurity: SecurityStatus = new SecurityStatus();
  readonly controlInformation: ControlInformationWriter;
  channel: Channel;
  readonly presentation: Presentation = { window: 0 };
  byHolder = -1;
  /** Of the response that waits for GET RESPONSE: {@link byHolder} of the command that left it. */
  restByHolder = -1;

  constructor(core: CardCore, face: CardInterface, response: ResponseBuffer, basicChannel: Channel) {
    this.core = core;
    this.face = face;
    this.response = response;
    this.controlInformation = new ControlInformationWriter(response.bytes, core.nvm);
    this.channel = basicChannel;
  }

  get channelSecurity(): SecurityStatus {
    return this.channel.security;
  }

  /** Whether the rule of a file lets the requester do this now. */
  permits(file: CardFile, operation: number): boolean {
    return this.core.access.permits(file.condition(operation, this.face), file.directory, this);
  }

  lifeCycle(file: CardFile): number {
    return this.core.nvm.readByte(file.body + BODY.LIFE_CYCLE);
  }

  /** Whether the file, and every DF that it stands in, may be worked with: neither deactivated nor terminated. */
  isUsable(file: CardFile): boolean {
    for (let at = file; ; at = at.parent) {
      if (!isOperational(this.lifeCycle(at))) return false;
      if (at.parent === at) return true;
    }
  }

  /** Appends bytes of the image to the response. */
  send(address: number, length: number): void {
    const response = this.response;
    this.core.nvm.read(address, response.bytes, response.length, length);
    response.length += length;
  }
}
